"""Values of a workflow, and what operators do with them: numbers, text, booleans, null, bytes, lists, maps."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

from emulators.workflows.running.failures import failure

MOST_BYTES_OF_VARIABLES = 512 * 1024
MOST_BYTES_OF_TEXT = 256 * 1024

_LEAST, _MOST = -(2**63), 2**63 - 1


def type_of(value: Any) -> str:
    """The name of a value's type, as `get_type` says it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((int, "integer"), (float, "double"), (str, "string"), (bytes, "bytes"), (list, "list")):
        if isinstance(value, kind):
            return name
    return "map" if isinstance(value, dict) else "function"


def is_number(value: Any) -> bool:
    """Whether a value is an integer or a double."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def copied(value: Any) -> Any:
    """A value of its own: what is assigned is a copy."""
    if isinstance(value, list):
        return [copied(each) for each in value]
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return value


def size(value: Any) -> int:
    """The bytes of memory that a value counts for: about those of its JSON."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass")) + 2
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, list):
        return 2 + sum(size(each) + 1 for each in value)
    if isinstance(value, dict):
        return 2 + sum(size(key) + size(each) + 2 for key, each in value.items())
    return 8


def checked(value: Any) -> Any:
    """A value that was computed.

    Raises:
        WorkflowError: an integer of more than 64 bits, or text of more than 256 KB.
    """
    if isinstance(value, int) and not isinstance(value, bool) and not _LEAST <= value <= _MOST:
        raise failure("ValueError", f"{value} is no integer of 64 bits")
    if isinstance(value, str) and len(value) > MOST_BYTES_OF_TEXT // 4 and len(value.encode()) > MOST_BYTES_OF_TEXT:
        raise failure("ResourceLimitError", "a string has at most 256 KB")
    return value


def equal(left: Any, right: Any) -> bool:
    """Whether two values are the same; of different types they are not, but for integers and doubles."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    if is_number(left) and is_number(right):
        return bool(left == right)
    return type(left) is type(right) and bool(left == right)


def _unfit(operator: str, left: Any, right: Any) -> Exception:
    return failure("TypeError", f"{type_of(left)} {operator} {type_of(right)} means nothing")


def _numbers(operator: str, compute: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def apply(left: Any, right: Any) -> Any:
        if not (is_number(left) and is_number(right)):
            raise _unfit(operator, left, right)
        try:
            return checked(compute(left, right))
        except ZeroDivisionError:
            raise failure("ZeroDivisionError", "division by zero") from None
        except OverflowError:
            raise failure("ValueError", "the result is no number of 64 bits") from None

    return apply


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return checked(left + right)
    return _sum(left, right)


def _floored(left: Any, right: Any) -> Any:
    result = left // right
    return int(result) if isinstance(result, float) and math.isfinite(result) else result


def _compared(operator: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def apply(left: Any, right: Any) -> bool:
        if (is_number(left) and is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
            return compare(left, right)
        raise _unfit(operator, left, right)

    return apply


def _contained(left: Any, right: Any) -> bool:
    if isinstance(right, list):
        return any(equal(left, each) for each in right)
    if isinstance(right, dict):
        return key_of(left) in right
    raise _unfit("in", left, right)


_sum = _numbers("+", lambda left, right: left + right)
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _numbers("-", lambda left, right: left - right),
    "*": _numbers("*", lambda left, right: left * right),
    "/": _numbers("/", lambda left, right: left / right),
    "//": _numbers("//", _floored),
    "%": _numbers("%", lambda left, right: left % right),
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": _compared("<", lambda left, right: bool(left < right)),
    ">": _compared(">", lambda left, right: bool(left > right)),
    "<=": _compared("<=", lambda left, right: bool(left <= right)),
    ">=": _compared(">=", lambda left, right: bool(left >= right)),
    "in": _contained,
}
"""What stands between two values, without `and` and `or`, which may not look at the second."""


def truth(value: Any, what: str) -> bool:
    """A value that must be a boolean.

    Raises:
        WorkflowError: it is none.
    """
    if not isinstance(value, bool):
        raise failure("TypeError", f"{what} must be a boolean, and is of type {type_of(value)}")
    return value


def key_of(value: Any) -> str:
    """A value as the key of a map.

    Raises:
        WorkflowError: it can be none.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, list | dict | bytes):
        raise failure("TypeError", f"a key of a map cannot be of type {type_of(value)}")
    return text(value)


def member(base: Any, key: Any) -> Any:
    """An item of a list, or a value of a map.

    Raises:
        WorkflowError: there is none, or the base is neither.
    """
    if isinstance(base, dict):
        name = key_of(key)
        if name not in base:
            raise failure("KeyError", f"key not found: {name}")
        return base[name]
    if isinstance(base, list):
        return base[position(base, key)]
    raise failure("TypeError", f"a value of type {type_of(base)} has no member {text_or_type(key)}")


def position(items: list[Any], index: Any) -> int:
    """The position of an item of a list.

    Raises:
        WorkflowError: the index is none, or there is no such item.
    """
    if not isinstance(index, int) or isinstance(index, bool):
        raise failure("TypeError", f"an index of a list is an integer, and not of type {type_of(index)}")
    if not 0 <= index < len(items):
        raise failure("IndexError", f"index {index} is out of range of a list of {len(items)}")
    return index


def text(value: Any) -> str:
    """A number or boolean as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    return str(value)


def text_or_type(value: Any) -> str:
    """A value as an error names it."""
    return text(value) if isinstance(value, str | int | float) else f"of type {type_of(value)}"


def number_text(value: float) -> str:
    """A double as JSON has it: a whole one without its zero."""
    if math.isfinite(value) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def to_json(value: Any, indent: int | str | None = None) -> str:
    """A value as JSON, keys in order.

    Raises:
        WorkflowError: it holds bytes, a function, or a number that JSON has not.
    """
    separators = (",", ":") if indent is None else (",", ": ")
    try:
        return json.dumps(
            value, ensure_ascii=False, sort_keys=True, separators=separators, indent=indent, allow_nan=False
        )
    except (TypeError, ValueError):
        raise failure("TypeError", "only numbers, text, booleans, null, lists and maps are JSON") from None


def shown(value: Any) -> Any:
    """A value as it may be shown: bytes as base64."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, list):
        return [shown(each) for each in value]
    if isinstance(value, dict):
        return {key: shown(each) for key, each in value.items()}
    return value if type_of(value) != "function" else repr(value)
