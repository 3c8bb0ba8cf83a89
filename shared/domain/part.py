"""What every part of a catalogue's revision has in common, and the values that its fields may have."""

from __future__ import annotations

from functools import cache
from operator import is_
from typing import Annotated, Any

import msgspec
from msgspec import Meta

ID = r"^[a-z0-9_.-]+$"
NAME = r"^[a-z][a-z0-9_]*$"
ORIGIN = r"^https?://[a-z0-9.-]+(:[0-9]+)?$"
SPAN = r"^[1-9][0-9]*[smhdw]$"
DURATION = r"^(forever|[1-9][0-9]*[smhdw])$"
SECRET_NAME = r"^kairos-(source|callback)-[a-z0-9-]{1,64}$"  # noqa: S105 - what a name looks like
HEADER = r"^[a-z][a-z0-9-]*$"
HTTPS = r"^https://[^ ]+$"
LANGUAGE = r"^[a-z]{2,3}(-[a-z]{2})?$"
LOCALE = r"^[a-z]{2,3}(-[A-Z]{2})?$"
READ = r"^(profile|context|signal|signal\.properties)\.[a-z][a-z0-9_]*$"

Id = Annotated[str, Meta(pattern=ID)]
Name = Annotated[str, Meta(pattern=NAME)]
Origin = Annotated[str, Meta(pattern=ORIGIN)]
SecretName = Annotated[str, Meta(pattern=SECRET_NAME)]
Header = Annotated[str, Meta(pattern=HEADER)]
HttpsAddress = Annotated[str, Meta(pattern=HTTPS)]
Language = Annotated[str, Meta(pattern=LANGUAGE)]
Locale = Annotated[str, Meta(pattern=LOCALE)]
Read = Annotated[str, Meta(pattern=READ)]
Span = Annotated[str, Meta(pattern=SPAN)]
Duration = Annotated[str, Meta(pattern=DURATION)]
Text = Annotated[str, Meta(min_length=1)]
Cel = Annotated[str, Meta(min_length=1, max_length=2000)]
Factor = Annotated[float, Meta(ge=0, le=10)]
Pounds = Annotated[float, Meta(ge=0)]
Share = Annotated[float, Meta(ge=0, le=1)]


_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def seconds(span: str) -> int:
    """The length of a span such as 30m; 0 of one that is forever."""
    return 0 if span == "forever" else int(span[:-1]) * _SECONDS[span[-1]]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A part of a revision: it never changes and says no more than it must.

    What never changes refers to nothing made after it, so parts stand in no cycle and the collector of garbage need not
    know of them: a large revision holds a hundred thousand. Parts that people write down just as a revision holds them
    are also the types by which their files are read.

    The modules of a revision's parts say their annotations at once, without `from __future__ import annotations`: of
    those put off, msgspec evaluates the text of each when the first revision is read, which took 8 ms.
    """


def terse(value: Any) -> Any:
    """The same value, with every part in it that equals a field's default being that default itself.

    Encoding leaves a default out only where it is the very object: a default that somebody wrote out would otherwise
    give the same meaning other bytes.
    """
    if isinstance(value, tuple):
        items = [item if item.__class__ in _PLAIN else terse(item) for item in value]
        return value if all(map(is_, items, value)) else tuple(items)
    if isinstance(value, dict):
        return {key: item if item.__class__ in _PLAIN else terse(item) for key, item in value.items()}
    if not isinstance(value, Part):
        return value
    other: dict[str, Any] = {}
    for (name, default), given in zip(_defaults(type(value)), msgspec.structs.astuple(value), strict=True):
        if given is default:
            continue
        inner = given if given.__class__ in _PLAIN else terse(given)
        if default is not msgspec.NODEFAULT and inner == default:
            inner = default
        if inner is not given:
            other[name] = inner
    return msgspec.structs.replace(value, **other) if other else value


_PLAIN = frozenset({str, int, float, bool})


@cache
def _defaults(part: type[Part]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, field.default) for field in msgspec.structs.fields(part))
