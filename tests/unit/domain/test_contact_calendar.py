"""Windows and quiet hours on the person's own calendar: what goes out, what is withheld or waits, and until when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.contact_policy import select
from shared.domain.zones import zone
from tests.unit.domain.situations import cases, history, moment, person, policy

FILES = ("contact_calendar", "quiet_hours")
EVERY = [case for file in FILES for case in cases(file, "rules")]


class Told:
    """A case as the domain takes it."""

    def __init__(self, case):
        self.zone = zone(case["zone"])
        self.bank = policy(rules=case["rules"])
        self.now = moment(str(case["now"]), self.zone)
        self.person = person(**{"time_zone": case["zone"], **case.get("person", {})})
        self.history = history(self.bank.revision, case.get("history", []), self.zone)

    def select(self, ranked, now):
        return select(self.bank, ranked, self.person, self.history, now)

    def until(self, words):
        """The time in `night, until 2026-03-03 08:00`, None where there is none."""
        _, _, said = words.partition(", until ")
        return moment(said, self.zone) if said else None


def in_words(stop):
    counted = "" if getattr(stop, "limit", None) is None else f" {stop.count} of {stop.limit}"
    return f"{stop.treatment}: {stop.rule}{counted}"


@pytest.mark.parametrize("case", EVERY)
def test_what_goes_out_what_is_withheld_and_what_waits(case):
    told = Told(case)

    selection = told.select(case["ranked"], told.now)

    assert list(selection.chosen) == case.get("chosen", [])
    withheld = case.get("withheld", [])
    assert [in_words(each) for each in selection.withheld] == [line.partition(", until ")[0] for line in withheld]
    assert [each.allowed_at for each in selection.withheld] == [told.until(line) for line in withheld]
    waits = [selection.deferred] if selection.deferred else []
    expected = [case["deferred"]] if "deferred" in case else []
    assert [(in_words(each), each.until) for each in waits] == [
        (line.partition(", until ")[0], told.until(line)) for line in expected
    ]


@pytest.mark.parametrize("case", [each for each in EVERY if {"withheld", "deferred"} & each.values[0].keys()])
def test_what_names_a_time_passes_then_and_not_a_second_before(case):
    told = Told(case)

    for line in (*case.get("withheld", []), *([case["deferred"]] if "deferred" in case else [])):
        treatment, rule, until = line.split(": ")[0], line.split(": ")[1].split(",")[0].split(" ")[0], told.until(line)
        if until is None:
            assert not told.select([treatment], told.now + timedelta(days=3650)).chosen
            continue
        before = told.select([treatment], until - timedelta(seconds=1))
        after = told.select([treatment], until)
        assert not before.chosen
        assert rule not in [stop.rule for stop in after.withheld]
        assert after.deferred is None or after.deferred.rule != rule


def test_nothing_waits_that_must_be_answered_now():
    bank = policy(
        rules=[{"id": "always", "kind": "quiet_hours", "times": [{"until": "12:00"}], "max_defer": "1d", "reason": "-"}]
    )
    at = moment("on 2026-03-02 10:00")

    answered = select(bank, ["saver.hero"], person(), history(bank.revision, []), at, defers=False)

    assert (answered.deferred, [stop.rule for stop in answered.withheld]) == (None, ["always"])
