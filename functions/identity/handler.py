"""Identity: find or create the person of a signal, note its consents, and pass the profile on as read once."""

from __future__ import annotations

from datetime import datetime

import msgspec

from shared.domain.consent import apply_consents
from shared.domain.consent.objections import with_objections
from shared.domain.errors import AlreadyExistsError, PermanentError, StaleError, TransientError
from shared.domain.identifiers import PERSON_ID
from shared.domain.identity import Conflict, Link, resolve, whose
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import Signal
from shared.messages import HistoryRow, SignalIdentified, SignalReceived
from shared.messages.rows import ended_row
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

    def __call__(self, received: SignalReceived, now: datetime) -> tuple[SignalIdentified | HistoryRow]:
        """The signal with its person; a late one has updated the profile and ends here.

        Raises:
            PermanentError: no identifier, a namespace that the live revision does not know, or an id of nobody.
            TransientError: contention did not end, or the store did not answer.
        """
        policy = self._catalogues.current()
        profile, conflicts = self._person(policy, received.signal)
        if received.signal.is_late:
            return (ended_row(received.decision_id, profile.person_id, received.signal, "late_signal", now),)
        return (
            SignalIdentified(
                message_id=f"{received.decision_id}:signal.identified",
                decision_id=received.decision_id,
                occurred_at=now,
                person_id=profile.person_id,
                revision=policy.revision.id,
                signal=received.signal,
                profile=profile,
                conflicts=conflicts,
                decided_at=now,
            ),
        )

    def _person(self, policy: Policy, signal: Signal) -> tuple[Profile, tuple[Conflict, ...]]:
        if not signal.identifiers:
            raise PermanentError("the signal has no identifier, so it is nobody's")
        unknown = [ns for ns in signal.identifiers if ns not in policy.revision.namespaces]
        if unknown:
            raise PermanentError(f"namespace {unknown[0]!r} is not declared in revision {policy.revision.id}")
        for _ in range(ATTEMPTS):
            try:
                return self._once(policy, signal)
            except (AlreadyExistsError, StaleError):
                continue  # somebody linked or wrote meanwhile: their work is read and built on
        raise TransientError(f"identifiers of {signal.source} signal {signal.id} are contended")

    def _once(self, policy: Policy, signal: Signal) -> tuple[Profile, tuple[Conflict, ...]]:
        namespaces = policy.revision.namespaces
        identifiers = {ns: value for ns, value in signal.identifiers.items() if ns != PERSON_ID}
        if PERSON_ID in signal.identifiers:
            person_id: str | None = signal.identifiers[PERSON_ID]
            links: dict[str, Link] = {}
        else:
            links = self._persons.links(identifiers)
            person_id = whose(identifiers, links, namespaces)
        found = self._persons.profile(person_id) if person_id else None
        if person_id and found is None:
            raise PermanentError(f"no profile of person {person_id}")
        resolution = resolve(identifiers, links, found.value if found else None, namespaces)
        if found is None or resolution.person_id is None:
            return self._create(policy, signal, resolution.joins), resolution.conflicts
        return self._update(policy, signal, found, resolution.joins), resolution.conflicts

    def _create(self, policy: Policy, signal: Signal, joins: tuple[str, ...]) -> Profile:
        consents = apply_consents({}, signal.consent, signal)
        profile = Profile(
            person_id=self._new_person_id(),
            version=1,
            created_at=signal.received_at,
            flags=with_objections((), consents, policy.revision.catalogue.consent.objections),
            consents=consents,
            unique=self._unique(policy, signal, joins),
        )
        self._persons.create(profile, [_link(signal, ns, profile.person_id, "first_seen") for ns in joins])
        return profile

    def _update(self, policy: Policy, signal: Signal, found: Versioned[Profile], joins: tuple[str, ...]) -> Profile:
        profile = found.value
        consents = apply_consents(profile.consents, signal.consent, signal)
        unique = {**profile.unique, **self._unique(policy, signal, joins)}
        if consents != profile.consents:
            flags = with_objections(profile.flags, consents, policy.revision.catalogue.consent.objections)
            profile = msgspec.structs.replace(profile, consents=consents, flags=flags)
        if profile is not found.value or unique != profile.unique:
            profile = msgspec.structs.replace(profile, version=profile.version + 1, unique=unique)
        if joins or profile is not found.value:
            self._persons.update(
                Versioned(profile, found.version),
                [_link(signal, ns, profile.person_id, "seen_together") for ns in joins],
            )
        return profile

    @staticmethod
    def _unique(policy: Policy, signal: Signal, joins: tuple[str, ...]) -> dict[str, str]:
        return {ns: signal.identifiers[ns] for ns in joins if policy.revision.namespaces[ns].unique}


def _link(signal: Signal, namespace: str, person_id: str, rule: str) -> Link:
    return Link(
        namespace=namespace,
        value=signal.identifiers[namespace],
        person_id=person_id,
        signal_id=signal.id,
        source=signal.source,
        at=signal.at,
        rule=rule,
    )
