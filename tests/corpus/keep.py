"""Decides one case of every result and keeps its record for ever: `python -m tests.corpus.keep`.

The stages decide in memory, with the bank of the corpus and its persons, one after another at the same moment. What is
kept already is never overwritten.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from functions.arbitration.handler import Arbitrate
from functions.eligibility.handler import Qualify
from functions.suppression.handler import Suppress
from shared.adapters import memory
from shared.domain.catalogue import Revision
from shared.domain.contact_policy.windows import LONGEST_SECONDS
from shared.domain.engagement import Slots
from shared.domain.propensity import Counts
from shared.domain.rules import Cap, ConsentRule, Cooldown, Holdout, QuietHours, QuietTime, Scope, Volume
from shared.domain.signal import Signal, decision_id
from shared.messages import ActionsQualified, HistoryRow, SignalIdentified
from shared.runtime.metering import RequestMeter
from tests.corpus.tree_bank import CORPUS, CUSTOMERS, hashed, revision

RECORDS = CORPUS / "records"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WEB = Slots(channels=("web",), placements=("web.hero", "web.tile"), counts=(2, 1))
SENT = Slots(channels=("email", "sms"))


class Case(NamedTuple):
    """What is decided: for whom, where, by which evidence of a model, as which signal (the same again is the same
    decision), and whether the person's consents are known.
    """

    name: str
    customer: str
    slots: Slots | None = None
    accepted: str | None = None
    signal: str = ""
    consents: bool = True


CASES = (
    Case("reserved_past_withheld", "T1", SENT, consents=False),
    Case("reserved", "T1", SENT),
    Case("all_withheld", "T1", SENT),
    Case("all_withheld_and_told_again", "T1", SENT, signal="all_withheld"),
    Case("reserved_and_told_again_by_another_ranking", "T1", SENT, accepted="saver.email@email", signal="reserved"),
    Case("reserved_mandatory", "T1"),
    Case("offered", "T1", WEB),
    Case("offered_together", "T1", WEB),
    Case("nothing_qualified", "T4", Slots(channels=("sms",))),
    Case("excluded", "T3"),
    Case("under_age", "T2"),
)


LIMITED_CASES = (
    Case("reserved_of_a_volume", "T1", SENT),
    Case("deferred_past_a_closed_volume", "T1", SENT),
    Case("deferred_and_told_again", "T1", SENT, signal="deferred_past_a_closed_volume"),
)
"""Decided by the bank under limits over all persons and quiet hours."""

CALENDAR_CASES = (
    Case("reserved_on_an_empty_day", "T1", SENT),
    Case("reserved_past_a_full_day", "T1", SENT),
    Case("all_withheld_after_two", "T1", SENT),
)
"""Decided by the bank under caps of a calendar, a holdout, and a cooldown after several."""

CROWDED_CASES = (
    Case("many_withheld", "T1", SENT, consents=False),
    Case("reserved_of_many", "T1", SENT),
    Case("all_of_many_withheld", "T1", SENT),
)
"""Decided by the bank in which an action has more treatments than a record names one by one."""


@cache
def crowded() -> Revision:
    """The bank with forty ways to say the same by e-mail."""
    catalogue = revision().catalogue
    actions = []
    for action in catalogue.actions:
        email = next((each for each in action.treatments if each.channel == "email"), None)
        if action.id != "saver" or email is None:
            actions.append(action)
            continue
        more = [msgspec.structs.replace(email, id=f"{email.id}_{number:02}") for number in range(40)]
        treatments = tuple(sorted((*action.treatments, *more), key=lambda each: each.id))
        actions.append(msgspec.structs.replace(action, treatments=treatments))
    return Revision(msgspec.structs.replace(catalogue, actions=tuple(actions)))


@cache
def limited() -> Revision:
    """The bank in which one e-mail a day may go out, and no text over lunch."""
    rules = (
        Volume(id="one_email", limit=1, period="day", reason="One e-mail a day.", scope=Scope(channels=("email",))),
        QuietHours(
            id="lunch",
            times=(QuietTime(from_="11:30", until="13:30"),),
            reason="No texts over lunch.",
            scope=Scope(channels=("sms",)),
            max_defer_seconds=7200,
        ),
        *revision().catalogue.rules,
    )
    return Revision(msgspec.structs.replace(revision().catalogue, rules=rules))


@cache
def by_calendar() -> Revision:
    """The bank in which one contact a day goes out by each channel, and two of them are enough for two days."""
    rules = (
        Holdout(id="control", share=0.01, stops=("marketing",), reason="In the control group."),
        Cap(
            id="a_day",
            limit=1,
            outcomes=("sent",),
            window_seconds=LONGEST_SECONDS["day"],
            reason="One a day by each channel.",
            per="channel",
            calendar="day",
        ),
        Cooldown(
            id="enough",
            outcomes=("sent",),
            count=2,
            within_seconds=86400,
            without=("click",),
            period_seconds=2 * 86400,
            reason="Two unanswered are enough.",
            same="brand",
        ),
        ConsentRule(id="consent", purposes=("marketing",), reason="No consent to marketing."),
    )
    return Revision(msgspec.structs.replace(revision().catalogue, rules=rules))


def banks() -> tuple[tuple[Revision, tuple[Case, ...]], ...]:
    """The banks that decide, and what each decides."""
    return (
        (revision(), CASES),
        (limited(), LIMITED_CASES),
        (by_calendar(), CALENDAR_CASES),
        (crowded(), CROWDED_CASES),
    )


def decide() -> Iterator[tuple[str, HistoryRow]]:
    """The rows of the cases of the bank, in their order."""
    return _decide(revision(), CASES)


def decide_all() -> Iterator[tuple[str, HistoryRow]]:
    """The rows of the cases of every bank."""
    for by, cases in banks():
        yield from _decide(by, cases)


def _decide(by: Revision, cases: Sequence[Case]) -> Iterator[tuple[str, HistoryRow]]:
    store, meter = memory.Store(), RequestMeter()
    catalogues = memory.Catalogues(store)
    catalogues.publish(by)
    allowances = memory.Allowances(store, meter, "keep", lambda _attempt: None)
    suppress = Suppress(catalogues, memory.Contacts(store, meter), allowances, lambda _attempt: None)
    for case in cases:
        store.models.clear()
        if case.accepted:
            store.models[case.accepted] = Counts(positives=90, negatives=5)
        arbitrate = Arbitrate(catalogues, memory.Models(store))
        [answer] = Qualify(catalogues)(_identified(case, by), NOW, case.slots)
        if isinstance(answer, ActionsQualified):
            [ranked] = arbitrate(answer, NOW)
            answer = suppress.offer(ranked, NOW)[1] if case.slots == WEB else suppress(ranked, NOW)[-1]
        assert isinstance(answer, HistoryRow)
        yield case.name, answer


def _identified(case: Case, by: Revision) -> SignalIdentified:
    profile = CUSTOMERS[case.customer]
    if not case.consents:
        profile = msgspec.structs.replace(profile, consents={})
    signal = Signal(
        id=case.signal or case.name,
        type="page_viewed",
        at=NOW,
        received_at=NOW,
        source="corpus",
        identifiers={"customer_no": hashed("customer_no", case.customer)},
        context={"page": "/savings", "dwell_seconds": 12.0},
        properties={"category": "savings"},
    )
    decision = decision_id(signal.source, signal.id)
    return SignalIdentified(
        message_id=f"{decision}:signal.identified",
        decision_id=decision,
        occurred_at=NOW,
        person_id=profile.person_id,
        revision=by.id,
        signal=signal,
        profile=profile,
        decided_at=NOW,
    )


def keep(file: Path, data: bytes) -> None:
    """Write what is not there yet."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        sys.stdout.write(f"{file}\n")


def main() -> None:
    """Keep every case and the revision that decided it."""
    for by, _ in banks():
        keep(RECORDS / "revisions" / f"{_digest(by.id)}.json", by.catalogue.canonical())
    for name, row in decide_all():
        keep(RECORDS / f"{name}.{_digest(row.revision or '')[:8]}.json", (row.record or "").encode())


def _digest(revision_id: str) -> str:
    return revision_id.removeprefix("sha256:")


if __name__ == "__main__":
    main()
