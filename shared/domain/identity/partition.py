"""Which identifiers are one person's: a function of the set of links alone (`domain.md` 3).

Links are taken one by one, those of stronger identifiers first, then the earlier. One that would give a person two
values of a unique namespace, or pass a limit, is refused. So the order in which signals came cannot matter, nor how
often they did.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping

import msgspec

from shared.domain.catalogue import Namespace
from shared.domain.identity.links import Link, namespace_of, value_of

SHARED = "shared by more persons than it may be"
KNOWN = "both are known persons, and only a device or a session says that they are one"

ABSENT = "the other is shared, or no longer anybody's"


class Partition(msgspec.Struct, frozen=True, kw_only=True):
    """Identifiers by person.

    Attributes:
        parts: the identifiers of each person, the strongest first; every identifier stands in one part.
        conflicts: links that were refused, by id, with the reason.
        shared: identifiers that were seen with more persons than they may be.
    """

    parts: list[list[str]]
    conflicts: dict[str, str]
    shared: frozenset[str]


class Strength:
    """What the catalogue says of identifiers, by key."""

    def __init__(self, namespaces: Mapping[str, Namespace]) -> None:
        """Read namespaces; one that is not declared any more is the weakest of devices."""
        self._namespaces = namespaces

    def namespace(self, key: str) -> Namespace:
        """The namespace of an identifier."""
        name = namespace_of(key)
        return self._namespaces.get(name) or Namespace(id=name, kind="device", priority=-(2**31))

    def order(self, key: str) -> tuple[int, str]:
        """What sorts identifiers, the strongest first."""
        return -self.namespace(key).priority, key

    def is_known(self, key: str) -> bool:
        """Whether it says who somebody is, as against where."""
        return self.namespace(key).kind == "person"

    def counts(self, stronger: str, weaker: str) -> bool:
        """Whether a link of these two counts for how many persons the weaker may be seen with; it does so for ever,
        whether the stronger is shared or not.
        """
        return self.namespace(weaker).max_persons is not None and self.is_known(stronger)


def partition(
    keys: Iterable[str],
    links: Mapping[str, Link],
    strength: Strength,
    refused: Container[str] = (),
) -> Partition:
    """Part identifiers into persons.

    Args:
        keys: of the identifiers.
        links: by id, and every one that touches these identifiers; one to any other identifier cannot join.
        strength: what the catalogue says of them.
        refused: ids of links that an operator refused.
    """
    evidence = {each: link for each, link in links.items() if each not in refused}
    shared = _shared(evidence.values(), strength)
    joined = _Joined(keys, strength)
    conflicts: dict[str, str] = {}
    for each in sorted(evidence, key=_turn(evidence, strength)):
        link = evidence[each]
        if link.weaker in shared:
            reason: str | None = SHARED
        elif link.stronger in shared:
            reason = ABSENT if strength.counts(link.stronger, link.weaker) else SHARED
        else:
            reason = joined.join(link)
        if reason:
            conflicts[each] = reason
    return Partition(parts=joined.parts(), conflicts=conflicts, shared=shared)


def _turn(links: Mapping[str, Link], strength: Strength) -> Callable[[str], tuple[int, float, str]]:
    """When a link's turn is: by the priority of its weaker namespace, its event time, its id."""
    priorities: dict[str, int] = {}

    def priority(key: str) -> int:
        name = namespace_of(key)
        if name not in priorities:
            priorities[name] = strength.namespace(key).priority
        return priorities[name]

    def turn(each: str) -> tuple[int, float, str]:
        link = links[each]
        return -min(priority(link.stronger), priority(link.weaker)), link.at.timestamp(), each

    return turn


def _shared(links: Iterable[Link], strength: Strength) -> frozenset[str]:
    """Identifiers seen with too many persons, who are told apart by any one namespace that names persons."""
    limits: dict[str, int | None] = {}
    met: dict[str, dict[str, set[str]]] = {}
    for link in links:
        name = namespace_of(link.weaker)
        if name not in limits:
            limits[name] = strength.namespace(link.weaker).max_persons
        if limits[name] is not None and strength.is_known(link.stronger):
            with_them = met.setdefault(link.weaker, {})
            with_them.setdefault(namespace_of(link.stronger), set()).add(link.stronger)
    return frozenset(
        key for key, with_them in met.items() if max(map(len, with_them.values())) > (limits[namespace_of(key)] or 0)
    )


class _Joined:
    """Identifiers as they are joined, with what limits have to know of each person."""

    def __init__(self, keys: Iterable[str], strength: Strength) -> None:
        self._strength = strength
        self._parent = {key: key for key in keys}
        self._size = dict.fromkeys(self._parent, 1)
        self._limited: dict[str, dict[str, set[str]]] = {}
        self._known: set[str] = set()
        kinds: dict[str, Namespace] = {}
        for key in self._parent:
            name = namespace_of(key)
            kind = kinds.get(name)
            if kind is None:
                kind = kinds[name] = strength.namespace(key)
            if kind.kind == "person":
                self._known.add(key)
            if kind.unique or kind.max_values is not None:
                self._limited[key] = {name: {value_of(key)}}
        self._kinds = kinds

    def join(self, link: Link) -> str | None:
        """Make the two one person's, or say why they cannot be."""
        if link.stronger not in self._parent or link.weaker not in self._parent:
            return ABSENT
        a, b = self._root(link.stronger), self._root(link.weaker)
        if a == b:
            return None
        by_device = self._kinds[namespace_of(link.weaker)].kind != "person" or (
            self._kinds[namespace_of(link.stronger)].kind != "person"
        )
        if by_device and a in self._known and b in self._known:
            return KNOWN
        reason = self._passed_limit(a, b)
        if reason is None:
            self._merge(a, b)
        return reason

    def parts(self) -> list[list[str]]:
        """The identifiers of each person, strongest first; persons in that order too."""
        held: dict[str, list[str]] = {}
        for key in sorted(self._parent, key=self._strength.order):
            held.setdefault(self._root(key), []).append(key)
        return list(held.values())

    def _passed_limit(self, a: str, b: str) -> str | None:
        first, second = self._limited.get(a), self._limited.get(b)
        if not first or not second:
            return None
        for name in sorted(first.keys() & second.keys()):
            kind, together = self._kinds[name], len(first[name] | second[name])
            if kind.unique and together > 1:
                return f"a person has one {name}, and these are two"
            if kind.max_values is not None and together > kind.max_values:
                return f"a person has at most {kind.max_values} of {name}"
        return None

    def _merge(self, a: str, b: str) -> None:
        if self._size[a] < self._size[b]:
            a, b = b, a
        self._parent[b] = a
        self._size[a] += self._size[b]
        if b in self._known:
            self._known.add(a)
        held = self._limited.pop(b, None)
        if held:
            into = self._limited.setdefault(a, {})
            for name, values in held.items():
                into[name] = into.get(name, set()) | values

    def _root(self, key: str) -> str:
        root = key
        while self._parent[root] != root:
            root = self._parent[root]
        while self._parent[key] != root:
            self._parent[key], key = root, self._parent[key]
        return root
