"""Erasure: destroy a person's key, put tombstones where late signals would look, and delete the rest.

An erasure is a document before anything is touched, so whoever finds one that is not finished goes on with it; each of
its steps may be done again. A signal that had read the person a moment before may still write something under the
person's random id: a second run, which the clock starts two minutes later, takes that away too, and then forgets who
it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from functions.privacy.finding import Find
from shared.domain.erasure import ERASED, READMITTED_AFTER, Erasure, Remaining, check_case, remaining
from shared.domain.errors import ErasedError, InvalidError, NotFoundError, StaleError, TransientError
from shared.ports import Erasures, PersonalData, PersonKeys, Quarantine, parked_in

PARKED_READ = 100
"""Parked messages read at once; each has up to a megabyte."""

ATTEMPTS = 8
"""Tries to bury a person whom signals change meanwhile."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What was erased where, and what remains until when."""

    erasure: Erasure
    remaining: tuple[Remaining, ...]


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a sweep: how many erasures were finished."""

    finished: int


class Erase:
    """The use case over its ports."""

    def __init__(
        self,
        find: Find,
        data: PersonalData,
        keys: PersonKeys,
        erasures: Erasures,
        quarantine: Quarantine,
        new_id: Callable[[], str],
    ) -> None:
        """Erase whom `find` finds from `data`, `keys` and `quarantine`, each time under a `new_id`."""
        self._find = find
        self._data = data
        self._keys = keys
        self._erasures = erasures
        self._quarantine = quarantine
        self._new_id = new_id

    def begin(self, identifiers: Mapping[str, Any], *, by: str, case: str, now: datetime) -> Report:
        """Erase a person, or go on where that was begun before.

        Raises:
            InvalidError: the identifier cannot be one, or the case is more than a reference.
            NotFoundError: nobody is known by it.
            TransientError: a store did not answer; going on is safe.
        """
        check_case(case)
        identifier = self._find.identifier(identifiers)
        if identifier.rule == ERASED:
            return self.go_on(identifier.signal_id, now)
        try:
            ids = self._find.person_of(identifier).ids
        except ErasedError:
            begun = next((each for each in self._erasures.all() if identifier.person_id in each.person_ids), None)
            if begun is not None:
                return self._run(begun, now)
            ids = (identifier.person_id,)  # written by what was in flight when all the rest was erased
        erasure = Erasure.begun(self._new_id(), ids, by=by, case=case, now=now)
        self._erasures.put(erasure)
        return self._run(erasure, now)

    def go_on(self, erasure_id: str, now: datetime) -> Report:
        """Go on with an erasure; of one that is finished, its report.

        Raises:
            NotFoundError: there is none of this id.
            TransientError: a store did not answer; going on is safe.
        """
        erasure = self._erasures.get(erasure_id)
        if erasure is None:
            raise NotFoundError(f"there is no erasure {erasure_id}")
        return self._run(erasure, now) if erasure.person_ids else self._report(erasure)

    def finish_due(self, now: datetime) -> Finished:
        """Go on with every erasure that another run finishes; one that fails does not hold up the others.

        Raises:
            TransientError: a store did not answer for some of them; the next sweep goes on with those.
        """
        finished, failed = 0, ""
        for erasure in self._erasures.due(now):
            try:
                self._run(erasure, now)
            except TransientError as error:
                failed = f"erasure {erasure.id} is to be gone on with: {error}"
                continue
            finished += 1
        if failed:
            raise TransientError(failed)
        return Finished(finished=finished)

    def readmit(self, identifiers: Mapping[str, Any], now: datetime) -> None:
        """Let an identifier of somebody who was erased stand for a new person.

        Raises:
            InvalidError: it is not erased, or was so lately that signals from before may still come.
            NotFoundError: nothing is known of it.
        """
        identifier = self._find.identifier(identifiers)
        if identifier.rule != ERASED:
            raise InvalidError("does not stand for somebody who was erased", field="identifiers")
        if now < identifier.at + READMITTED_AFTER:
            free = identifier.at + READMITTED_AFTER
            raise InvalidError(f"may be readmitted from {free:%Y-%m-%d %H:%M} UTC on", field="identifiers")
        self._data.readmit(identifier)

    def _run(self, erasure: Erasure, now: datetime) -> Report:
        erasure, buried = self._bury(erasure, now)
        ids = erasure.person_ids
        self._keys.destroy(ids)
        tombstones = self._data.tombstone(ids, erasure.id, now)
        deleted = self._data.delete(ids)
        names = [*ids, *(each.value for each in self._data.identifiers(ids, erasure.id))]
        erased = {"profiles": buried, "identifiers": tombstones, **deleted, "quarantine": self._unpark(names)}
        erasure = erasure.after(erased, now)
        self._erasures.put(erasure)
        return self._report(erasure)

    def _bury(self, erasure: Erasure, now: datetime) -> tuple[Erasure, int]:
        """The erasure of whoever the person turns out to be with at this moment, and how many profiles were buried."""
        for _ in range(ATTEMPTS):
            try:
                found = self._find.person(erasure.person_ids[0])
            except (ErasedError, NotFoundError):
                return erasure, 0
            if not set(found.ids) <= set(erasure.person_ids):
                erasure = msgspec.structs.replace(
                    erasure, person_ids=tuple(dict.fromkeys((*erasure.person_ids, *found.ids)))
                )
                self._erasures.put(erasure)
            try:
                self._data.bury(found.versions, now)
            except StaleError:
                continue  # a signal was taken in, or two persons became one
            return erasure, len(found.versions)
        raise TransientError("the person is written to again and again")

    def _unpark(self, names: Sequence[str]) -> int:
        """Take parked messages away that name the person."""
        sought = [name.encode() for name in names]
        removed = 0
        for each in parked_in(self._quarantine, PARKED_READ):
            if any(name in each.data for name in sought):
                self._quarantine.remove(each)
                removed += 1
        return removed

    def _report(self, erasure: Erasure) -> Report:
        shown = msgspec.structs.replace(erasure, person_ids=())
        return Report(erasure=shown, remaining=remaining(erasure))
