"""One difference, and the words for values in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, TypeVar

import msgspec

from shared.domain.catalogue import Catalogue
from shared.domain.rules import Scope

ItemT = TypeVar("ItemT")
Kind = Literal["gained", "lost", "changed"]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One difference.

    Attributes:
        about: what it is a difference of, such as `loan` or `group savings`.
        kind: whether the new catalogue has something more, or less, or other.
        said: the difference in a few words, such as `lever 1 → 1.2`.
        actions: how many actions of the new catalogue it reaches, of the old one where something is lost.
    """

    about: str
    kind: Kind
    said: str
    actions: int = 1

    def __str__(self) -> str:
        return f"{self.about}: {self.said}"


def paired(old: Iterable[ItemT], new: Iterable[ItemT], key: Callable[[ItemT], Any]) -> Iterator[tuple[Any, Any, Any]]:
    """Each key, with what has it on either side or None."""
    left, right = {key(item): item for item in old}, {key(item): item for item in new}
    for name in sorted(left.keys() | right.keys()):
        yield name, left.get(name), right.get(name)


def changed(
    about: str, label: str, old: Any, new: Any, say: Callable[[Any], str], actions: int = 1
) -> Iterator[Change]:
    """A change of one value; one that is None or empty is gained or lost."""
    if old == new:
        return
    if old in (None, "", ()):
        yield Change(about=about, kind="gained", said=f"{label} not set → {say(new)}", actions=actions)
    elif new in (None, "", ()):
        yield Change(about=about, kind="lost", said=f"{label} {say(old)} → not set", actions=actions)
    else:
        yield Change(about=about, kind="changed", said=f"{label} {say(old)} → {say(new)}", actions=actions)


def whole(about: str, was: ItemT | None, is_now: ItemT | None, say: Callable[[ItemT], str]) -> Change:
    """Something that comes or goes."""
    one = was if is_now is None else is_now
    assert one is not None, "it is on one side"
    said, verb = say(one), "removed" if is_now is None else "added"
    kind: Kind = "lost" if is_now is None else "gained"
    return Change(about=about, kind=kind, said=f"{verb}: {said}" if said else verb, actions=0)


def shared(steps: Mapping[str, tuple[Any, Any]]) -> Iterator[tuple[tuple[Any, Any], list[str]]]:
    """Each step that something takes, from one value to another, with the names of all that take it."""
    takers: dict[tuple[Any, Any], list[str]] = {}
    for name, step in sorted(steps.items()):
        if step[0] != step[1]:
            takers.setdefault(step, []).append(name)
    yield from takers.items()


def number(value: float) -> str:
    """A number without needless digits."""
    return f"{value:g}"


def pounds(value: float | str) -> str:
    """An amount, or the expression that yields it."""
    if isinstance(value, str):
        return f"`{value}`"
    return f"£{value:,.2f}".removesuffix(".00") if round(value, 2) == value else f"£{value:g}"


def per_cent(value: float) -> str:
    """A probability."""
    return f"{value * 100:g} %"


def counted(count: int, what: str) -> str:
    """So many of something."""
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def when(moment: datetime) -> str:
    """A moment, as a date where it is midnight."""
    return moment.strftime(
        "%-d %B %Y" if not (moment.hour or moment.minute or moment.second) else "%-d %B %Y %H:%M UTC"
    )


def quoted(text: str) -> str:
    """A text as it stands."""
    return f'"{text}"'


def listed(items: Iterable[str]) -> str:
    """Some names in a row."""
    *first, last = list(items)
    return f"{', '.join(first)} and {last}" if first else last


def scope_words(scope: Scope, catalogue: Catalogue) -> str:
    """What a scope holds, in names where it has them."""
    names: Mapping[str, Mapping[str, str]] = {
        "brands": {b.id: b.name for b in catalogue.brands},
        "channels": {c.id: c.name for c in catalogue.channels},
    }
    parts = []
    for field in ("channels", "brands", "issues", "groups", "actions", "treatments", "purposes"):
        values = getattr(scope, field)
        if values:
            said = listed(names.get(field, {}).get(value, value.replace("_", " ")) for value in values)
            kind = field.removesuffix("s") if len(values) == 1 else field
            parts.append({"channels": said, "purposes": f"for {said}"}.get(field, f"{kind} {said}"))
    return " ".join(parts) or "everything"
