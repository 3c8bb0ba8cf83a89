"""Variables of a workflow, a loop or a branch, and the memory that all of an execution's take together."""

from __future__ import annotations

from typing import Any

from emulators.workflows.running.failures import failure
from emulators.workflows.running.values import MOST_BYTES_OF_VARIABLES, copied, key_of, member, position, size


class Memory:
    """Counts the bytes of an execution's variables."""

    def __init__(self) -> None:
        self._used = 0

    def change(self, by: int) -> None:
        """Take more, or give some back.

        Raises:
            WorkflowError: all variables together take more than an execution may.
        """
        self._used += by
        if by > 0 and self._used > MOST_BYTES_OF_VARIABLES:
            raise failure(
                "ResourceLimitError", f"variables take more than {MOST_BYTES_OF_VARIABLES // 1024} KB of memory"
            )


class Variables:
    """Variables of one scope, which sees those around it."""

    def __init__(self, memory: Memory, around: Variables | None = None, shared: frozenset[str] | None = None) -> None:
        """Hold nothing yet; `shared` limits what a branch may assign to of what is around it."""
        self._memory = memory
        self._own: dict[str, Any] = {}
        self._around = around
        self._shared = shared
        self._is_open = False

    def inner(self, shared: frozenset[str] | None = None) -> Variables:
        """A scope within this one."""
        return Variables(self._memory, self, shared)

    def beside(self) -> Variables:
        """A scope within this one that has of its own only what is put into it; what is assigned goes around it."""
        found = self.inner()
        found._is_open = True  # noqa: SLF001 - the same class
        return found

    def sees(self, name: str) -> bool:
        """Whether there is such a variable here or around."""
        return name in self._own or (self._around is not None and self._around.sees(name))

    def get(self, name: str) -> Any:
        """A variable's value.

        Raises:
            WorkflowError: there is none.
        """
        if name in self._own:
            return self._own[name]
        if self._around is None:
            raise failure("KeyError", f"variable not found: {name}")
        return self._around.get(name)

    def put(self, name: str, value: Any) -> None:
        """Assign to a variable of this scope."""
        kept = copied(value)
        old = self._own.get(name)
        self._memory.change(size(kept) - (size(old) if name in self._own else 0))
        self._own[name] = kept

    def assign(self, name: str, value: Any) -> None:
        """Assign to the variable that is seen here, or else to a new one.

        Raises:
            WorkflowError: it is of around a branch, and not shared; or there is no memory left.
        """
        is_new = self._around is None or (not self._is_open and not self._around.sees(name))
        if name in self._own or self._around is None or is_new:
            self.put(name, value)
            return
        self._check_shared(name)
        self._around.assign(name, value)

    def change(self, name: str, path: list[Any], value: Any) -> None:
        """Assign to a member of a variable's value; what leads to it must be there.

        Raises:
            WorkflowError: it leads nowhere, or the variable may not be assigned to.
        """
        self._check_reached(name)
        base = self.get(name)
        for key in path[:-1]:
            base = member(base, key)
        kept, last = copied(value), path[-1]
        if isinstance(base, list):
            place: Any = position(base, last)
            before = size(base[place])
        elif isinstance(base, dict):
            place = key_of(last)
            before = size(base[place]) if place in base else -size(place)
        else:
            member(base, last)
            return
        self._memory.change(size(kept) - before)
        base[place] = kept

    def release(self) -> None:
        """Give the memory of this scope back."""
        self._memory.change(-sum(size(each) for each in self._own.values()))
        self._own.clear()

    def _check_reached(self, name: str) -> None:
        if name not in self._own and self._around is not None and self._around.sees(name):
            self._check_shared(name)
            self._around._check_reached(name)  # noqa: SLF001 - the same class

    def _check_shared(self, name: str) -> None:
        if self._shared is not None and name not in self._shared:
            raise failure("TypeError", f"{name} is not shared, and so cannot be assigned to in a branch")
