"""Changes that would harm, stopped by the gates; and changes that would not, let through."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache

import pytest

from cli.simulate.reading import lines_of
from shared.authoring import build, check
from shared.authoring import read as read_files
from shared.domain.batch.alone import Asked as Asking
from shared.domain.batch.alone import record
from shared.domain.batch.cases import persons
from shared.domain.batch.deciding import Batch, Wave
from shared.domain.batch.numbers import Summary
from shared.domain.batch.prohibited import Prohibited
from shared.domain.batch.rates import Rates
from shared.domain.batch.simulating import Asked, Simulation
from shared.domain.catalogue import Revision
from shared.domain.cel import program
from shared.domain.contact_history import ContactHistory
from shared.domain.engagement import Slots, qualify
from shared.domain.policy.atoms import Truth
from shared.domain.policy.conditions import candidate, truth
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import each_of
from shared.domain.releasing.gates import Simulated, gates
from shared.domain.releasing.loosened import loosened
from shared.domain.releasing.simulating import Change, simulate_change
from shared.domain.signal import Signal
from tests.e2e.platforms import ROOT

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FILES = read_files(ROOT / "catalogue")
LIVE = build(FILES)
CUSTOMERS = list(lines_of(str(ROOT / "catalogue" / "samples" / "customers.csv"), LIVE, NOW))


def changed(*changes: tuple[str, str, str]) -> Revision:
    """The sample bank with some texts of its files replaced."""
    files = dict(FILES)
    for file, before, after in changes:
        assert before in files[file]
        files[file] = files[file].replace(before, after)
    return build(files)


@cache
def simulated(before: bytes, after: bytes):
    """What two catalogues come to for the customers of the sample bank."""
    revision = Revision.decode(after)
    slots = Slots(channels=revision.outbound)
    asked = Asked(revisions=(before, after), slots=slots, kind="schedule", context={}, brand=None, now=NOW)
    return Simulation(asked).of_lines(CUSTOMERS)


def judged(after: Revision, before: Revision = LIVE, acknowledged: tuple[str, ...] = ()):
    """What the gates say of a change for the customers of the sample bank, by kind and id, but for what is passed."""
    came = simulated(before.catalogue.canonical(), after.catalogue.canonical())
    found = gates(Simulated(before, after, *came.summaries, came.rates[-1]), acknowledged)
    assert len(found) >= 7
    return {f"{gate.kind} {gate.id}".strip(): gate for gate in found if not gate.passed}


IN_ARREARS = """        - name: not_in_arrears
          when: profile.arrears_days == 0
          reason: No lending in arrears.
"""


def test_a_loan_offered_in_arrears_is_stopped():
    found = judged(changed(("bank.yaml", IN_ARREARS, "")))
    assert set(found) == {"prohibition no_credit_in_arrears"}
    gate = found["prohibition no_credit_in_arrears"]
    assert (gate.before, gate.number) == (0, "prohibited:no_credit_in_arrears")
    assert gate.persons == gate.figure > 0


def test_a_change_cannot_drop_the_prohibition_that_stops_it():
    text = FILES["gates.yaml"]
    begin, end = text.index("  - id: no_credit_in_arrears"), text.index("  - id: no_credit_in_default")
    after = changed(("bank.yaml", IN_ARREARS, ""), ("gates.yaml", text[begin:end], ""))
    assert set(judged(after)) == {"prohibition no_credit_in_arrears", "loosened prohibition no_credit_in_arrears"}


def test_a_cap_loosened_by_mistake_is_stopped_until_it_is_said_to_be_meant():
    after = changed(
        (
            "contact_policy.yaml",
            "id: weekly_outbound\n    kind: cap\n    limit: 2",
            "id: weekly_outbound\n    kind: cap\n    limit: 20",
        )
    )
    found = judged(after)
    assert set(found) == {"loosened cap weekly_outbound"}
    assert "2 → 20 per 7 days" in found["loosened cap weekly_outbound"].said
    assert not judged(after, acknowledged=("cap weekly_outbound",))
    assert not judged(LIVE, before=after), "a tighter cap passes"


def test_a_bias_is_stopped():
    found = judged(changed(("bank.yaml", "when: profile.arrears_days == 0", 'when: profile.marital == "married"')))
    assert "fairness sold_alike" in found


ISA = "group: savings\n    purpose: marketing\n    description: A tax-free saver for residents"
HELD_OUT = "share: 0.02\n    stops: [marketing]"
EVERYTHING = "marketing, service, targeted_support"


def test_cost_silence_and_volume_are_held_against_their_limits():
    dear = judged(changed(*(("channels.yaml", f"price: {price}", "price: 0.2") for price in (0.001, 0.004))))
    assert "cost" in dear
    assert dear["cost"].before < 60 < dear["cost"].figure
    silent = judged(
        changed(("contact_policy.yaml", HELD_OUT, HELD_OUT.replace("0.02", "0.9").replace("marketing", EVERYTHING)))
    )
    assert {"no_action", "volume email"} <= set(silent)


@pytest.mark.parametrize(
    ("file", "before", "after", "about"),
    [
        ("contact_policy.yaml", "share: 0.02", "share: 0.01", "holdout marketing_control"),
        (
            "contact_policy.yaml",
            "stops: [marketing, targeted_support]\n    reason: A complaint",
            "stops: [marketing]\n    reason: A complaint",
            "exclusion open_complaint",
        ),
        ("fairness.yaml", "least_ratio: 0.8", "least_ratio: 0.7", "limit of fairness sold_alike"),
        ("gates.yaml", "most_no_action_rise: 0.05", "most_no_action_rise: 0.5", "gates"),
        ("gates.yaml", "complaints: 1.5", "complaints: 9", "guards"),
        ("actions/northmoor/grow.yaml", ISA, ISA.replace("marketing", "service"), "purpose of northmoor_cash_isa"),
        ("actions/northmoor/grow.yaml", ISA, f"mandatory: true\n    {ISA}", "mandatory northmoor_cash_isa"),
        ("gates.yaml", "share: 5, at_least: 4h", "share: 5, at_least: 1h", "canary of 5 %"),
    ],
)
def test_what_is_loosened_is_named_and_what_is_tightened_is_not(file, before, after, about):
    changed_to = changed((file, before, after))
    assert [each.about for each in loosened(LIVE.catalogue, changed_to.catalogue)] == [about]
    if about != "canary of 5 %":  # no length of a canary is tighter than another
        assert not loosened(changed_to.catalogue, LIVE.catalogue)


def test_gates_are_read_with_the_place_of_what_is_wrong():
    canary = "{share: 30, at_least: 1d, at_most: 14h"
    text = (
        FILES["gates.yaml"]
        .replace("{share: 25, at_least: 1d, at_most: 14d", canary)
        .replace("profile.age >= 18", "profile.agee >= 18")
    )
    revision, problems = check({**FILES, "gates.yaml": text + "volume_change: {sms: 0.2, smoke: 1}\n"})
    assert revision is None
    said = "\n".join(map(str, problems))
    for part in ("1, 5, 25 per cent", "agee", "unknown channel smoke", "longer than at_most, 14h"):
        assert part in said
    assert all(re.match(r"gates\.yaml:\d+:\d+: ", str(each)) for each in problems), said


def test_who_breaks_a_prohibition_is_who_does_when_asked_one_by_one():
    """Of what reads the candidate, what is missing, and what is only asked of what is given."""
    asked = 'profile.credit_score >= 700 || action.brand == "foxglove"'
    missing = "scope: {issues: [grow]}, must: profile.payments_declined_30d <= 1"
    prohibitions = f"""
  - {{id: of_candidate, scope: {{groups: [lending, cards]}}, must: '{asked}', reason: R}}
  - {{id: missing, {missing}, reason: R}}
  - {{id: missing_allowed, {missing}, on_missing: allow, reason: R}}
  - {{id: given, scope: {{channels: [email]}}, must: size(profile.brands) > 1, after: arbitration, reason: R}}
"""
    text = FILES["gates.yaml"].replace("prohibitions:\n", f"prohibitions:{prohibitions}")
    policy = Policy(build({**FILES, "gates.yaml": text}))
    some = list(persons(CUSTOMERS[:150]))
    slots = Slots(channels=policy.revision.outbound)
    profiles = [each.profile(NOW) for each in some]
    signals = [
        Signal(id=each.person_id, type="schedule", at=NOW, received_at=NOW, source="test", identifiers={})
        for each in some
    ]
    wave = Wave(profiles, signals, [ContactHistory()] * len(some))
    decisions = Batch(policy, slots, {}, NOW)(wave)
    found = Prohibited(policy, policy)(wave, decisions, [NOW] * len(some))

    expected = {name: [] for name in found}
    for profile, signal in zip(profiles, signals, strict=True):
        qualified = qualify(policy, profile, signal, slots, NOW).rows
        given = {c.treatment for c in record(policy, Asking(profile, signal, ContactHistory()), slots, {}, NOW).chosen}
        for each in policy.revision.catalogue.gates.prohibitions:
            program_ = program(policy.revision.catalogue.expressions[each.must].program)
            rows = policy.scopes.of(each.scope) & qualified
            broken = False
            for action, treatment in (policy.rows[row] for row in each_of(rows)):
                if each.after == "arbitration" and treatment.id not in given:
                    continue
                seen = {**policy.situation(profile, signal, NOW), **candidate(action, treatment)}
                said = truth(program_.evaluate(seen))
                broken |= not (said is Truth.TRUE or (said is Truth.UNKNOWN and each.on_missing == "allow"))
            expected[f"prohibited:{each.id}"].append(broken)
    assert {name: flags.tolist() for name, flags in found.items()} == expected
    assert all(any(expected[f"prohibited:{name}"]) for name in ("of_candidate", "missing", "given"))
    assert not any(expected["prohibited:missing_allowed"])


def everywhere(after):
    """The gates of a change on every channel that are not passed, by kind and id.

    Of who is in arrears and some more, which are too few for every part of a limit of fairness.
    """
    change = Change(before=Policy(LIVE), after=Policy(after), counts={}, acknowledged=(), now=NOW)
    everybody = sorted(persons(CUSTOMERS), key=lambda each: not each.attributes.get("arrears_days"))
    found, places = simulate_change(change, everybody[:150])
    assert [place.where for place in places] == ["outbound", "branch", "call_centre", "mobile_app", "web"]
    few = {f"{gate.kind} {gate.id}".strip(): gate for gate in found if not gate.passed and "too few" not in gate.said}
    assert few.pop("persons").figure == 150
    return few


def test_a_change_that_does_no_harm_passes_wherever_it_decides():
    assert not everywhere(changed(("actions/northmoor/grow.yaml", "value: 18.0", "value: 19.0")))


def test_harm_on_a_channel_that_asks_is_found_with_the_persons_behind_it():
    found = everywhere(changed(("bank.yaml", IN_ARREARS, "")))
    named = [gate.who for gate in found.values() if gate.who]
    assert set(found) >= {"prohibition no_credit_in_arrears", "prohibition no_credit_in_arrears on web"}
    assert len(named) == 1
    assert len(named[0]) == 12


def rates(single):
    """Of a hundred single persons so many are sold to, and of a hundred married ones all."""
    return Rates(
        persons={"marital": {"single": 100, "married": 100}},
        selected={"policy/grow": {"marital": {"single": single, "married": 100}}},
    )


@pytest.mark.parametrize(
    ("before", "after", "passed"), [(90, 85, True), (90, 75, False), (70, 69, True), (70, 60, False), (None, 79, False)]
)
def test_on_a_channel_that_asks_a_change_may_not_make_it_less_fair(before, after, passed):
    nobody = Summary(persons=1000)
    simulated = Simulated(LIVE, LIVE, nobody, nobody, rates(after), None if before is None else rates(before))
    [gate] = [gate for gate in gates(simulated) if gate.kind == "fairness" and "by marital after policy" in gate.said]
    assert gate.passed == passed
