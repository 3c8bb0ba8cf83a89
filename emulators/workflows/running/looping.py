"""What a loop goes through."""

from __future__ import annotations

from typing import Any

from emulators.workflows.running.failures import failure
from emulators.workflows.running.values import copied, is_number, type_of

MOST_ROUNDS = 100_000


def rounds(value: Any, *, is_range: bool) -> list[Any]:
    """The items of a list, or the numbers from one end of a range to the other, both included.

    Raises:
        WorkflowError: it is no list, or no range.
    """
    if not isinstance(value, list):
        raise failure("TypeError", f"a loop goes through a list, and not through a value of type {type_of(value)}")
    if not is_range:
        return [copied(each) for each in value]
    if len(value) != 2 or not all(is_number(each) for each in value):
        raise failure("TypeError", "a range is two numbers, its ends")
    first, last = value
    found: list[Any] = []
    number = first
    while number <= last:
        if len(found) >= MOST_ROUNDS:
            raise failure("ResourceLimitError", f"a range has at most {MOST_ROUNDS} numbers")
        found.append(number)
        number += 1
    return found
