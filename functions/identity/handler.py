"""Identity: find or create the person of a signal, note its consents and features, and where a trigger lets it start a
decision pass the profile on, as read once.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import msgspec

from shared.domain.consent import apply_consents
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


class _Person(NamedTuple):
    """Whose signal it is: as the decision reads the person, what stood against it, and why there is no decision."""

    profile: Profile
    conflicts: tuple[Conflict, ...]
    ended: str | None


class _Judged(NamedTuple):
    """A profile as it is to be kept, as a decision reads it, and why there is none."""

    kept: Profile
    seen: Profile
    ended: str | None

    def raised(self) -> _Judged:
        """As the next version of the profile."""
        version = self.kept.version + 1
        kept, seen = (msgspec.structs.replace(each, version=version) for each in (self.kept, self.seen))
        return _Judged(kept, seen, self.ended)


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
        policy = self._catalogues.current()
        signal = received.signal
        profile, conflicts, ended = self._person(policy, signal, now, asked=asked or signal.again is not None)
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

    def _person(self, policy: Policy, signal: Signal, now: datetime, *, asked: bool) -> _Person:
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

    def _once(self, policy: Policy, signal: Signal, now: datetime, *, asked: bool) -> _Person:
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
            judged = _judged(policy, signal, self._new(policy, signal, resolution.joins), now, asked=asked)
            created = [_link(signal, ns, judged.kept.person_id, "first_seen") for ns in resolution.joins]
            self._persons.create(judged.kept, created)
        else:
            updated = self._updated(policy, signal, found.value, resolution.joins)
            judged = _judged(policy, signal, updated, now, asked=asked)
            if judged.kept is not found.value:
                judged = judged.raised()
            self._keep(signal, found, judged.kept, resolution.joins)
        return _Person(judged.seen, resolution.conflicts, judged.ended)

    def _new(self, policy: Policy, signal: Signal, joins: tuple[str, ...]) -> Profile:
        return Profile(
            person_id=self._new_person_id(),
            version=1,
            created_at=signal.received_at,
            consents=apply_consents({}, signal.consent, signal),
            unique=self._unique(policy, signal, joins),
            features=policy.features.update({}, signal),
        )

    def _updated(self, policy: Policy, signal: Signal, profile: Profile, joins: tuple[str, ...]) -> Profile:
        consents = apply_consents(profile.consents, signal.consent, signal)
        unique = {**profile.unique, **self._unique(policy, signal, joins)}
        features = policy.features.update(profile.features, signal)
        if consents == profile.consents and unique == profile.unique and features is profile.features:
            return profile
        return msgspec.structs.replace(profile, consents=consents, unique=unique, features=features)

    def _keep(self, signal: Signal, found: Versioned[Profile], profile: Profile, joins: tuple[str, ...]) -> None:
        """Write what changed: nothing where nothing did."""
        if joins or profile is not found.value:
            self._persons.update(
                Versioned(profile, found.version),
                [_link(signal, ns, profile.person_id, "seen_together") for ns in joins],
            )

    @staticmethod
    def _unique(policy: Policy, signal: Signal, joins: tuple[str, ...]) -> dict[str, str]:
        return {ns: signal.identifiers[ns] for ns in joins if policy.revision.namespaces[ns].unique}


def _judged(policy: Policy, signal: Signal, profile: Profile, now: datetime, *, asked: bool) -> _Judged:
    """Whether a signal starts a decision, by a profile that has taken it in."""
    if signal.is_late:
        return _Judged(profile, profile, "late_signal")
    seen = policy.features.seen(profile, now)
    if asked:
        return _Judged(profile, seen, None)
    ended, triggered = policy.triggers.judge(profile.triggered, signal, lambda: policy.situation(seen, signal, now))
    if triggered is profile.triggered:
        return _Judged(profile, seen, ended)
    return _Judged(msgspec.structs.replace(profile, triggered=dict(triggered)), seen, ended)


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
