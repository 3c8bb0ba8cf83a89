"""A whole decision, from the bytes of a request to those of the answer and of the record, by the handlers that serve.

What the stores would answer is at hand: a person, the identifier that leads there, the contacts of forty days.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import count
from typing import NoReturn

import msgspec

from cli.bench.engine import bank
from cli.bench.engine.evidence import learnt
from functions.arbitration.handler import Arbitrate
from functions.decide.handler import Decide, read_request
from functions.eligibility.handler import Qualify
from functions.identity.handler import Identify
from functions.suppression.handler import Suppress
from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.domain.catalogue import Revision, facts
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.decision import DecisionRecord
from shared.domain.delivery import Delivery
from shared.domain.identifiers import stored
from shared.domain.identity.links import Identifier
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.propensity import Counts
from shared.messages import HistoryRow, Publishable
from shared.ports import Folding, Versioned
from shared.runtime.metering import RequestMeter
from shared.runtime.world import timer

CONTACTS = 20
WANTED = ({"id": "web.hero", "count": 1}, {"id": "web.tile", "count": 2})
_KEY = b"bench" * 8


class Decider:
    """Decides for persons of the bench bank.

    Attributes:
        policy: the revision that decides.
        people: for whom.
        histories: the contacts of each, by the person's id.
        requests: the body of a request of each person.
        rows: of the history, as they were published since this was last emptied.
    """

    def __init__(self, revision: Revision, people: Sequence[Person]) -> None:
        """Put everything at hand."""
        store, meter = memory.Store(), RequestMeter()
        catalogues = memory.Catalogues(store)
        catalogues.publish(revision)
        store.models.update(learnt(revision))
        self.policy: Policy = catalogues.current()
        self.people = people
        self.histories = histories(self.policy, people)
        self.requests = [_request(number) for number in range(len(people))]
        self.rows: list[bytes] = []
        self._meter = meter
        numbers = count()
        self._models = memory.Models(store)
        allowances = memory.Allowances(store, meter, "bench", _no_contention)
        self._decide = Decide(
            Identify(catalogues, _Persons(store, meter, people), _nobody_new),
            Qualify(catalogues),
            Arbitrate(catalogues, self._models),
            Suppress(catalogues, _Contacts(store, meter, self.histories), allowances, _no_contention),
            catalogues=catalogues,
            publisher=self,
            history=self,
            meter=meter,
            identifier_key=_KEY,
            new_id=lambda: f"{next(numbers):032x}",
            timer=timer,
        )

    def __call__(self, position: int) -> bytes:
        """The answer to a person's request."""
        with self._meter.request():
            request = read_request(self.requests[position])
            return msgspec.json.encode(self._decide(request, bank.NOW, explained=False, trace=""))

    def counts(self) -> Mapping[str, Counts]:
        """What the models have learnt."""
        return self._models.counts()

    def publish(self, messages: Sequence[Publishable]) -> None:
        """Keep messages as they would travel."""
        self.rows += [envelope(message).data for message in messages]

    def decision(self, *_: object) -> NoReturn:
        """No decision is asked for again."""
        raise NotImplementedError

    ended = decision

    def record(self) -> DecisionRecord:
        """The record of the decision made last."""
        row = msgspec.json.decode(self.rows[-1], type=HistoryRow)
        return msgspec.json.decode(row.record or "", type=DecisionRecord)


class _Persons(memory.Persons):
    """Persons whose profiles need no decoding."""

    def __init__(self, store: memory.Store, meter: RequestMeter, people: Sequence[Person]) -> None:
        super().__init__(store, meter)
        self._profiles = {profile.person_id: Versioned(profile, "1") for profile in people}
        self._identifiers = {
            identifier.key: Versioned(identifier, "1")
            for number, profile in enumerate(people)
            for identifier in [
                Identifier(
                    namespace="customer_no",
                    value=_identifier(number),
                    person_id=profile.person_id,
                    signal_id="s",
                    source="bench",
                    at=bank.NOW,
                    rule="first_seen",
                )
            ]
        }

    def identifiers(self, keys: Sequence[str]) -> dict[str, Versioned[Identifier]]:
        """Whom they lead to."""
        return {key: self._identifiers[key] for key in keys}

    def profile(self, person_id: str) -> Versioned[Person]:
        """The person."""
        return self._profiles[person_id]


class _Contacts(memory.Contacts):
    """Histories that need no decoding; what is shown is forgotten."""

    def __init__(self, store: memory.Store, meter: RequestMeter, histories: Mapping[str, ContactHistory]) -> None:
        super().__init__(store, meter)
        self._histories = {person: Versioned(history, "1") for person, history in histories.items()}

    def history(self, person_id: str) -> Versioned[ContactHistory]:
        """The person's."""
        return self._histories[person_id]

    def present(self, deliveries: Sequence[Delivery], *, folding: Folding | None = None) -> None:
        """Nothing is kept."""


def _identifier(number: int) -> str:
    return stored(_KEY, "customer_no", f"C{number:06d}")


def _request(number: int) -> bytes:
    asked = {
        "identifiers": {"customer_no": f"C{number:06d}"},
        "brand": bank.BRAND,
        "channel": "web",
        "placements": WANTED,
        "context": {"page": "/accounts", "device": "mobile"},
    }
    return msgspec.json.encode(asked)


def histories(policy: Policy, people: Sequence[Person]) -> dict[str, ContactHistory]:
    """What each person saw in forty days, some of it turned down."""
    draw = random.Random(bank.SEED + 3)  # noqa: S311 - data to measure with
    found = {}
    for profile in people:
        contacts = {}
        for number in range(CONTACTS):
            at = bank.NOW - timedelta(days=draw.uniform(0, 40))
            outcomes = {"impression": at} | ({"dismiss": at} if draw.random() < 0.2 else {})
            contacts[f"v-{number}"] = Contact(
                delivery_id=f"v-{number}",
                decision_id=f"d-{number}",
                revision=policy.revision.id,
                state="presented",
                at=at,
                outcomes=outcomes,
                **facts(*draw.choice(policy.rows)),
            )
        found[profile.person_id] = ContactHistory(contacts=contacts)
    return found


def _nobody_new() -> NoReturn:
    raise AssertionError("every person of the bench is known")


def _no_contention(_attempt: int) -> None:
    raise AssertionError("nobody else writes")
