"""Identity: find or create the person of a signal, join persons that it shows to be one, note what it teaches, and
where a trigger lets it start a decision pass the profile on, as read once.
"""

from __future__ import annotations

from datetime import datetime

from functions.identity.people import People
from functions.identity.resolving import Resolving
from functions.identity.starting import Started
from shared.domain.errors import AlreadyExistsError, ErasedError, PermanentError, StaleError, TransientError
from shared.domain.identifiers import PERSON_ID
from shared.domain.identity.links import Conflict
from shared.domain.policy.policy import Policy
from shared.domain.signal import Signal
from shared.messages import HistoryRow, SignalIdentified, SignalReceived
from shared.messages.rows import ended_row, erased_row
from shared.ports import Catalogues, NewId, Persons

ATTEMPTS = 8
"""Tries of the guarded commit before the message is given back; each loser reads the winner's work."""


class Identify:
    """The use case over its ports."""

    def __init__(self, catalogues: Catalogues, persons: Persons, new_person_id: NewId) -> None:
        """Resolve by the live revision, and name the one that decides; new persons get ids from `new_person_id`."""
        self._catalogues = catalogues
        self._persons = persons
        self._people = People(persons, new_person_id)

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
            (person, profile, fragment, ended), conflicts = self._person(policy, signal, now, asked=asked)
        except ErasedError:
            return (erased_row(received.decision_id, now),)
        if ended is not None:
            return (ended_row(received.decision_id, profile.person_id, signal, ended, now),)
        deciding = self._catalogues.deciding(profile.person_id)
        if deciding is not policy:  # a canary, which may read of a person otherwise
            profile = deciding.features.seen(person, now)
        return (
            SignalIdentified(
                message_id=f"{received.decision_id}:signal.identified",
                decision_id=received.decision_id,
                occurred_at=now,
                person_id=profile.person_id,
                revision=deciding.revision.id,
                signal=signal,
                profile=profile,
                conflicts=conflicts,
                decided_at=now,
                fragment=fragment if fragment in person.fragments and fragment != person.person_id else "",
                arms=deciding.experiments.arms(profile.person_id),
            ),
        )

    def _person(
        self, policy: Policy, signal: Signal, now: datetime, *, asked: bool
    ) -> tuple[Started, tuple[Conflict, ...]]:
        if not signal.identifiers:
            raise PermanentError("the signal has no identifier, so it is nobody's")
        namespaces = policy.revision.namespaces
        for namespace in signal.identifiers:
            if namespace != PERSON_ID and namespace not in namespaces:
                raise PermanentError(f"namespace {namespace!r} is not declared in revision {policy.revision.id}")
        for _ in range(ATTEMPTS):
            try:
                return Resolving(self._persons, self._people, policy, signal, now, asked=asked)()
            except (AlreadyExistsError, StaleError):
                continue  # somebody linked or wrote meanwhile: their work is read and built on
        raise TransientError(f"identifiers of {signal.source} signal {signal.id} are contended")
