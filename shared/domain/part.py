"""What every part of a catalogue's revision has in common, and the values that its fields may have."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta

ID = r"^[a-z0-9_.-]+$"
NAME = r"^[a-z][a-z0-9_]*$"
ORIGIN = r"^https?://[a-z0-9.-]+(:[0-9]+)?$"
READ = r"^(profile|context|signal|signal\.properties)\.[a-z][a-z0-9_]*$"

Id = Annotated[str, Meta(pattern=ID)]
Name = Annotated[str, Meta(pattern=NAME)]
Origin = Annotated[str, Meta(pattern=ORIGIN)]
Read = Annotated[str, Meta(pattern=READ)]
Text = Annotated[str, Meta(min_length=1)]
Cel = Annotated[str, Meta(min_length=1, max_length=2000)]
Factor = Annotated[float, Meta(ge=0, le=10)]
Pounds = Annotated[float, Meta(ge=0)]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a revision: it never changes and says no more than it must.

    Parts that people write down just as a revision holds them are also the types by which their files are read.
    """


def terse(value: Any) -> Any:
    """The same value, with every part in it that equals a field's default being that default itself.

    Encoding leaves a default out only where it is the very object: a default that somebody wrote out would otherwise
    give the same meaning other bytes.
    """
    if isinstance(value, tuple):
        return tuple([terse(item) for item in value])
    if isinstance(value, dict):
        return {key: terse(item) for key, item in value.items()}
    if not isinstance(value, Part):
        return value
    other: dict[str, Any] = {}
    for name, default in _defaults(type(value)):
        given = getattr(value, name)
        if given is default:
            continue
        inner = given if given.__class__ in _PLAIN else terse(given)
        inner = default if inner == default else inner
        if inner is not given:
            other[name] = inner
    return msgspec.structs.replace(value, **other) if other else value


_PLAIN = frozenset({str, int, float, bool})


@cache
def _defaults(part: type[Part]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(part))
