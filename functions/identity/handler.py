"""Identity: find or create the person of a signal, note its consents and features, and where a trigger lets it start a
decision pass the profile on, as read once.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from functions.identity.starting import Started, raised, started
from shared.domain.consent import apply_consents
from shared.domain.consent.objections import with_objections
from shared.domain.erasure import alive
from shared.domain.errors import AlreadyExistsError, ErasedError, PermanentError, StaleError, TransientError
from shared.domain.identifiers import PERSON_ID
from shared.domain.identity.fragments import stated
from shared.domain.identity.links import Conflict, Identifier
from shared.domain.identity.resolution import by_priority, resolve, whose
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.signal import Signal
from shared.messages import HistoryRow, SignalIdentified, SignalReceived
from shared.messages.rows import ended_row, erased_row
from shared.ports import Catalogues, NewId, Persons, Versioned

ATTEMPTS = 8
"""Tries of the guarded commit before the message is given back; each loser reads the winner's work."""


class Identify:
    """The use case over its ports."""

    def __init__(self, catalogues: Catalogues, persons: Persons, new_person_id: NewId) -> None:
        """Resolve with the live revision's namespaces; new persons get ids from `new_person_id`."""
        self._catalogues = catalogues
        self._persons = persons
        self._new_person_id = new_person_id

    def __call__(
        self, received: SignalReceived, now: datetime, *, asked: bool = False
    ) -> tuple[SignalIdentified | HistoryRow]:
        """The signal with its person; one that is late, or that no trigger lets start a decision, has updated the
        profile and ends here.

        Args:
            received: the signal.
            now: when it is decided on.
            asked: whether somebody waits for an answer, whatever triggers say.

        Raises:
            PermanentError: no identifier, a namespace that the live revision does not know, or an id of nobody.
            TransientError: contention did not end, or the store did not answer.
        """
        policy, signal = self._catalogues.current(), received.signal
        try:
            (_, profile, ended), conflicts = self._person(policy, signal, now, asked=asked)
        except ErasedError:
            return (erased_row(received.decision_id, now),)
        if ended is not None:
            return (ended_row(received.decision_id, profile.person_id, signal, ended, now),)
        return (
            SignalIdentified(
                message_id=f"{received.decision_id}:signal.identified",
                decision_id=received.decision_id,
                occurred_at=now,
                person_id=profile.person_id,
                revision=policy.revision.id,
                signal=signal,
                profile=profile,
                conflicts=conflicts,
                decided_at=now,
            ),
        )

    def _person(
        self, policy: Policy, signal: Signal, now: datetime, *, asked: bool
    ) -> tuple[Started, tuple[Conflict, ...]]:
        if not signal.identifiers:
            raise PermanentError("the signal has no identifier, so it is nobody's")
        unknown = [ns for ns in signal.identifiers if ns not in policy.revision.namespaces]
        if unknown:
            raise PermanentError(f"namespace {unknown[0]!r} is not declared in revision {policy.revision.id}")
        for _ in range(ATTEMPTS):
            try:
                return self._once(policy, signal, now, asked=asked)
            except (AlreadyExistsError, StaleError):
                continue  # somebody linked or wrote meanwhile: their work is read and built on
        raise TransientError(f"identifiers of {signal.source} signal {signal.id} are contended")

    def _once(
        self, policy: Policy, signal: Signal, now: datetime, *, asked: bool
    ) -> tuple[Started, tuple[Conflict, ...]]:
        namespaces = policy.revision.namespaces
        identifiers = {ns: value for ns, value in signal.identifiers.items() if ns != PERSON_ID}
        if PERSON_ID in signal.identifiers:
            person_id: str | None = signal.identifiers[PERSON_ID]
            links: dict[str, Identifier] = {}
        else:
            links = self._persons.links(identifiers)
            identifiers = alive(by_priority(identifiers, namespaces), identifiers, links)
            person_id = whose(identifiers, links, namespaces)
        found = self._persons.profile(person_id) if person_id else None
        if person_id and found is None:
            raise PermanentError(f"no profile of person {person_id}")
        resolution = resolve(identifiers, links, found.value if found else None, namespaces)
        if found is None or resolution.person_id is None:
            person = self._new(policy, signal, resolution.joins)
            came_to = started(policy, signal, person, now, asked=asked)
            self._persons.create(came_to.person, _links(signal, resolution.joins, person.person_id, "first_seen"))
            return came_to, resolution.conflicts
        person = self._updated(policy, signal, found.value, resolution.joins)
        came_to = started(policy, signal, person, now, asked=asked)
        if came_to.person is not found.value:
            came_to = raised(came_to, found.value.version + 1)
        if resolution.joins or came_to.person is not found.value:
            joined = _links(signal, resolution.joins, person.person_id, "seen_together")
            self._persons.update(Versioned(came_to.person, found.version), joined)
        return came_to, resolution.conflicts

    def _new(self, policy: Policy, signal: Signal, joins: tuple[str, ...]) -> Person:
        attributes, facts = stated({}, {}, signal.received_at, signal, _priority(policy, signal))
        consents = apply_consents({}, signal.consent, signal)
        return Person(
            person_id=self._new_person_id(),
            version=1,
            created_at=signal.received_at,
            attributes=attributes,
            facts=facts,
            flags=with_objections((), consents, policy.revision.catalogue.consent.objections),
            consents=consents,
            unique=self._unique(policy, signal, joins),
            features=policy.features.update({}, signal),
        )

    def _updated(self, policy: Policy, signal: Signal, person: Person, joins: tuple[str, ...]) -> Person:
        """The person with what the signal says; the very same where it says nothing new."""
        consents, flags = apply_consents(person.consents, signal.consent, signal), person.flags
        if consents != person.consents:
            flags = with_objections(flags, consents, policy.revision.catalogue.consent.objections)
        unique = {**person.unique, **self._unique(policy, signal, joins)}
        attributes, facts = stated(
            person.attributes, person.facts, person.created_at, signal, _priority(policy, signal)
        )
        features = policy.features.update(person.features, signal)
        known = person.consents, person.unique, person.facts, person.features
        if (consents, unique, facts, features) == known:
            return person
        return msgspec.structs.replace(
            person,
            flags=flags,
            consents=consents,
            unique=unique,
            attributes=attributes,
            facts=facts,
            features=features,
        )

    @staticmethod
    def _unique(policy: Policy, signal: Signal, joins: tuple[str, ...]) -> dict[str, str]:
        return {ns: signal.identifiers[ns] for ns in joins if policy.revision.namespaces[ns].unique}


def _priority(policy: Policy, signal: Signal) -> int:
    source = policy.revision.sources.get(signal.source)
    return source.priority if source else 0


def _links(signal: Signal, namespaces: tuple[str, ...], person_id: str, rule: str) -> list[Identifier]:
    return [
        Identifier(
            namespace=namespace,
            value=signal.identifiers[namespace],
            person_id=person_id,
            signal_id=signal.id,
            source=signal.source,
            at=signal.at,
            rule=rule,
        )
        for namespace in namespaces
    ]
