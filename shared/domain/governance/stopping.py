"""Stopping: freezes, in which nothing goes live, and switches, of which nothing goes out."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from shared.domain.errors import ConflictError, InvalidError, NotFoundError
from shared.domain.governance.commands import DeclareFreeze, LiftFreeze, SetSwitch
from shared.domain.governance.environment import Environment, Freeze
from shared.domain.governance.step import Governed, Step
from shared.domain.governance.switches import Switch

MOST_OFF = 1_000
"""Switches that are off at once."""

MOST_FREEZES = 100
"""Freezes that are on or to come."""


class Stopping(Step):
    """A freeze or a switch that begins, or ends."""

    def freeze(self, command: DeclareFreeze) -> Governed:
        """Nothing goes canary or live for a while; what is to be live in it already is not passed over."""
        environment = self.environment
        if not command.from_ < command.until:
            raise InvalidError("is not after `from`", field="until")
        if command.until <= self.now:
            raise InvalidError("is past", field="until")
        for each in environment.freezes:
            if (each.from_, each.until, each.by, each.why) == (
                command.from_,
                command.until,
                self.by.name,
                command.why,
            ):
                return Governed(environment, each)
        if len(environment.freezes) >= MOST_FREEZES:
            raise ConflictError(f"{MOST_FREEZES} freezes are declared already: lift those that are not needed")
        number = environment.frozen + 1
        freeze = Freeze(id=f"f-{number}", from_=command.from_, until=command.until, by=self.by.name, why=command.why)
        if environment.next:
            coming = environment.release(environment.next)
            if coming.live_from is not None and freeze.holds(coming.live_from):
                raise ConflictError(
                    f"{coming.id} is to be live from {coming.live_from.isoformat()}: roll it back first"
                )
        freezes = tuple(sorted((*environment.freezes, freeze), key=lambda each: each.from_))
        return Governed(msgspec.structs.replace(environment, freezes=freezes, frozen=number), freeze)

    def lift(self, command: LiftFreeze) -> Governed:
        """Somebody who did not declare a freeze ends it."""
        self._person("lift a freeze")
        environment = self.environment
        found = next((each for each in environment.freezes if each.id == command.freeze), None)
        if found is None:
            if command.freeze in {f"f-{number}" for number in range(1, environment.frozen + 1)}:
                return Governed(environment, None)  # it is over
            raise NotFoundError(f"there is no freeze {command.freeze} of {environment.name}")
        self._other(found.by, "who declared a freeze does not lift it")
        freezes = tuple(each for each in environment.freezes if each is not found)
        return Governed(msgspec.structs.replace(environment, freezes=freezes), found)

    def switch(self, command: SetSwitch) -> Governed:
        """Something is off until a person switches it on again."""
        environment = self.environment
        known = {(each.kind, each.id): each for each in environment.switches}
        key = command.kind, command.id
        found = known.get(key)
        if command.off:
            if found is not None:
                return Governed(environment, found)
            if len(known) >= MOST_OFF:
                raise ConflictError(f"{MOST_OFF} switches are off already: release a revision without those actions")
            found = Switch(kind=command.kind, id=command.id, by=self.by.name, at=self.now, why=command.why)
            return Governed(_switched(environment, (*environment.switches, found)), found)
        self._person("switch something on again")
        if found is None:
            return Governed(environment, None)
        return Governed(_switched(environment, (each for each in environment.switches if each is not found)), found)


def _switched(environment: Environment, switches: Iterable[Switch]) -> Environment:
    ordered = sorted(switches, key=lambda each: each.off)
    return msgspec.structs.replace(environment, switches=tuple(ordered))
