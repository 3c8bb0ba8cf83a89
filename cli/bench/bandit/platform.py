"""The platform that is to learn: the functions' own handlers over memory, from a person and a signal to the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from functions.arbitration.handler import Arbitrate
from functions.eligibility.handler import Qualify
from functions.feedback.taking import TakeOutcomes, Told
from functions.suppression.handler import Suppress
from shared.adapters.memory.allowances import Allowances
from shared.adapters.memory.catalogues import Catalogues
from shared.adapters.memory.contacts import Contacts
from shared.adapters.memory.outcomes import Outcomes
from shared.adapters.memory.store import Store
from shared.domain.decision import DecisionRecord
from shared.domain.delivery import Delivery
from shared.domain.engagement import Slots
from shared.domain.outcome import Outcome, OutcomeName
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.propensity import Counts
from shared.domain.signal import DECISION_REQUESTED, Signal, decision_id
from shared.messages import ActionsQualified, HistoryRow, Publishable, SignalIdentified
from shared.runtime.metering import RequestMeter

SLOTS = Slots(channels=("web",))
"""One treatment, anywhere on the web."""

REFRESHED = 200
"""Decisions after which the models are read again, as an instance does each minute."""

ANSWERED = timedelta(hours=1)


class Platform:
    """Decides and learns.

    Attributes:
        rows: the history.
    """

    def __init__(self, policy: Policy, evidence: Mapping[str, Counts] | None = None) -> None:
        """Begin with what was learnt before, or with nothing."""
        self._policy = policy
        self._store, self._meter = Store(), RequestMeter()
        self._store.models.update(evidence or {})
        self._models, catalogues = _Models(self._store), Catalogues(self._store)
        catalogues.publish(policy.revision)
        self._decided = 0
        contacts = Contacts(self._store, self._meter)
        allowances = Allowances(self._store, self._meter, "bench", lambda _: None)
        self._qualify, self._arbitrate = Qualify(catalogues), Arbitrate(catalogues, self._models)
        self._suppress = Suppress(catalogues, contacts, allowances, lambda _: None)
        self._take = TakeOutcomes(catalogues, Outcomes(self._store, self._meter), _Rows(self))
        self.rows: list[HistoryRow] = []

    def decide(
        self, person: Profile, number: int, now: datetime, *, arms: tuple[str, ...] = ()
    ) -> tuple[DecisionRecord | None, Delivery | None]:
        """What a person in these arms is shown on the web, and the decision's record; neither where nothing
        qualified.
        """
        if self._decided % REFRESHED == 0:
            self._models.refresh()
        self._decided += 1
        signal = Signal(
            id=f"r-{number}",
            type=DECISION_REQUESTED,
            at=now,
            received_at=now,
            source="decide",
            identifiers={"customer_no": person.person_id},
            context={"channel": "web"},
        )
        identified = SignalIdentified(
            message_id="m",
            decision_id=decision_id(signal.source, signal.id),
            occurred_at=now,
            person_id=person.person_id,
            revision=self._policy.revision.id,
            signal=signal,
            profile=person,
            decided_at=now,
            arms=arms,
        )
        [qualified] = self._qualify(identified, now, SLOTS)
        if not isinstance(qualified, ActionsQualified):
            self.rows.append(qualified)
            return None, None
        [ranked] = self._arbitrate(qualified, now)
        deliveries, row = self._suppress.offer(ranked, now)
        self.rows.append(row)
        record = msgspec.json.decode(row.record or "", type=DecisionRecord)
        return record, deliveries[0] if deliveries else None

    def evidence(self) -> Mapping[str, Counts]:
        """What the models have learnt."""
        return dict(self._store.models)

    def answer(self, delivery: Delivery, now: datetime, *, accepted: bool) -> None:
        """It was seen, and within the hour clicked or not."""
        told: list[tuple[OutcomeName, datetime]] = [("impression", now)]
        told.append(("click" if accepted else "no_response", now + ANSWERED))
        self._take([Told(_outcome(delivery, name, at), delivery) for name, at in told], now + ANSWERED)


def _outcome(delivery: Delivery, name: OutcomeName, at: datetime) -> Outcome:
    return Outcome(id=f"{delivery.delivery_id}:{name}", outcome=name, delivery_id=delivery.delivery_id, at=at)


class _Models:
    """The port `Models`, as they were when they were last read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: Mapping[str, Counts] = {}

    def refresh(self) -> None:
        self._known = dict(self._store.models)

    def counts(self) -> Mapping[str, Counts]:
        return self._known


class _Rows:
    """The port `Publisher`: rows of the history are kept."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def publish(self, messages: Sequence[Publishable]) -> None:
        self._platform.rows.extend(message for message in messages if isinstance(message, HistoryRow))
