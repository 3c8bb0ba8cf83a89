"""The functions of the standard library that need nothing outside, by name."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from emulators.workflows.library import arguments as given
from emulators.workflows.library import texts, times
from emulators.workflows.running.failures import failure, has_tag
from emulators.workflows.running.values import checked, copied, key_of, text, to_json, type_of

_ALGORITHMS = ("MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512")
_DEEPEST = 100


def _default(value: Any, default_value: Any) -> Any:
    return default_value if value is None else value


def _if(condition: Any, if_true: Any, if_false: Any) -> Any:
    return if_true if condition is not None and given.flag("condition", condition) else if_false


def _double(value: Any) -> float:
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise failure("ValueError", f"{value!r} is no number") from None
    return float(given.number("value", value))


def _int(value: Any) -> int:
    if isinstance(value, str):
        try:
            return int(checked(int(value.strip())))
        except ValueError:
            raise failure("ValueError", f"{value!r} is no integer") from None
    found = given.number("value", value)
    if not math.isfinite(found):
        raise failure("ValueError", f"{found} is no integer")
    return int(checked(int(found)))


def _string(value: Any) -> str:
    if isinstance(value, str | int | float):
        return text(value)
    raise failure("TypeError", f"string takes a number, boolean or string, and no value of type {type_of(value)}")


def _len(value: Any) -> int:
    if isinstance(value, str | list | dict | bytes):
        return len(value)
    raise failure("TypeError", f"len takes a list, map or string, and no value of type {type_of(value)}")


def _base64_encode(data: Any, padding: Any = True) -> str:  # noqa: FBT002 - as the library has it
    encoded = base64.b64encode(given.raw("data", data)).decode()
    return encoded if given.flag("padding", padding) else encoded.rstrip("=")


def _base64_decode(data: Any, padding: Any = True) -> bytes:  # noqa: FBT002 - as the library has it
    encoded = given.text("data", data)
    if not given.flag("padding", padding):
        encoded += "=" * (-len(encoded) % 4)
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise failure("ValueError", "data is no base64") from None


def _algorithm(algorithm: Any) -> str:
    name = given.text("algorithm", algorithm)
    if name not in _ALGORITHMS:
        raise failure("ValueError", f"{name!r} is no algorithm; one of {', '.join(_ALGORITHMS)}")
    return name.lower()


def _checksum(data: Any, algorithm: Any) -> bytes:
    return hashlib.new(_algorithm(algorithm), given.raw("data", data), usedforsecurity=False).digest()


def _hmac(key: Any, data: Any, algorithm: Any) -> bytes:
    return hmac.digest(given.raw("key", key), given.raw("data", data), _algorithm(algorithm))


def _retried(exception: Any, codes: tuple[int, ...], *tags: str) -> bool:
    code = exception.get("code") if isinstance(exception, dict) else None
    return code in codes or has_tag(exception, *tags)


def _idempotent(exception: Any) -> bool:
    return _retried(exception, (429, 502, 503, 504), "ConnectionError", "ConnectionFailedError", "TimeoutError")


def _not_idempotent(exception: Any) -> bool:
    return _retried(exception, (429, 503), "ConnectionFailedError")


def _always(exception: Any) -> bool:
    del exception
    return True


def _never(exception: Any) -> bool:
    del exception
    return False


def _json_decode(data: Any) -> Any:
    source = data if isinstance(data, str) else given.raw("data", data)
    try:
        return json.loads(source, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise failure("ValueError", "data is no JSON") from None


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _indent(indent: Any) -> str | None:
    """Spaces or text that lines begin with; none where nothing is said. A map is that of the documentation: prefix and
    indent.
    """
    if isinstance(indent, dict):
        return str(indent.get("indent", ""))
    if indent is None or isinstance(indent, bool):
        return "  " if indent else None
    return indent if isinstance(indent, str) else " " * given.integer("indent", indent)


def _json_text(data: Any, indent: Any = None) -> str:
    return to_json(data, _indent(indent))


def _json_encode(data: Any, indent: Any = None) -> bytes:
    return _json_text(data, indent).encode()


def _concat(objs: Any, val: Any) -> list[Any]:
    return [*given.items("objs", objs), val]


def _prepend(objs: Any, val: Any) -> list[Any]:
    return [val, *given.items("objs", objs)]


def _map_get(map_: Any, keys: Any) -> Any:
    found: Any = map_
    for key in keys if isinstance(keys, list) else [keys]:
        if not isinstance(found, dict):
            if found is map_ and found is not None:
                given.table("map", found)
            return None
        found = found.get(key_of(key))
    return found


def _map_delete(map_: Any, key: Any) -> dict[str, Any]:
    name = key_of(key)
    if name not in given.table("map", map_):
        raise failure("KeyError", f"key not found: {name}")
    return {each: value for each, value in map_.items() if each != name}


def _merge(first: Any, second: Any) -> dict[str, Any]:
    return {**given.table("first", first), **given.table("second", second)}


def _merge_nested(first: Any, second: Any, depth: int = 0) -> dict[str, Any]:
    if depth > _DEEPEST:
        raise failure("RecursionError", f"maps are merged at most {_DEEPEST} deep")
    merged = dict(given.table("first", first))
    for key, value in given.table("second", second).items():
        nested = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merge_nested(merged[key], value, depth + 1) if nested else value
    return merged


def _floor(x: Any) -> int:
    found = given.number("x", x)
    if not math.isfinite(found):
        raise failure("ValueError", f"{found} has no floor")
    return int(checked(math.floor(found)))


def _larger(x: Any, y: Any) -> Any:
    return max(given.number("x", x), given.number("y", y))


def _smaller(x: Any, y: Any) -> Any:
    return min(given.number("x", x), given.number("y", y))


PLAIN: Mapping[str, Callable[..., Any]] = {
    "default": _default,
    "double": _double,
    "get_type": type_of,
    "if": _if,
    "int": _int,
    "keys": lambda map_: list(given.table("map", map_)),
    "len": _len,
    "string": _string,
    "base64.decode": _base64_decode,
    "base64.encode": _base64_encode,
    "hash.compute_checksum": _checksum,
    "hash.compute_hmac": _hmac,
    "http.default_retry_predicate": _idempotent,
    "http.default_retry_predicate_non_idempotent": _not_idempotent,
    "json.decode": _json_decode,
    "json.encode": _json_encode,
    "json.encode_to_string": _json_text,
    "list.concat": _concat,
    "list.prepend": _prepend,
    "map.delete": _map_delete,
    "map.get": _map_get,
    "map.merge": _merge,
    "map.merge_nested": lambda first, second: _merge_nested(copied(first), second),
    "math.abs": lambda x: checked(abs(given.number("x", x))),
    "math.floor": _floor,
    "math.max": _larger,
    "math.min": _smaller,
    "retry.always": _always,
    "retry.never": _never,
    "text.decode": texts.decode,
    "text.encode": texts.encode,
    "text.find_all": texts.find_all,
    "text.find_all_regex": texts.find_all_regex,
    "text.match_regex": texts.match_regex,
    "text.replace_all": texts.replace_all,
    "text.replace_all_regex": texts.replace_all_regex,
    "text.split": texts.split,
    "text.substring": texts.substring,
    "text.to_lower": lambda source: given.text("source", source).lower(),
    "text.to_upper": lambda source: given.text("source", source).upper(),
    "text.url_decode": texts.url_decode,
    "text.url_encode": texts.url_encode,
    "text.url_encode_plus": texts.url_encode_plus,
    "time.format": times.to_text,
    "time.parse": times.parse,
    "uuid.generate": lambda: str(uuid.uuid4()),
}
"""By name, with the parameters of `SIGNATURES`."""

PYTHON: Mapping[str, str] = {"map": "map_"}
"""Parameters whose names Python has for something else."""
