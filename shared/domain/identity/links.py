"""Identifiers, the links between them, and the graph of them that a person's profile holds."""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec

from shared.domain.instant import Instant


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """That two identifiers were seen together, with the earliest evidence for it.

    Attributes:
        stronger, weaker: keys of the two; the stronger is of the higher priority, ties by key.
        signal_id, source, at, rule: which signal said so, sent by whom, when it happened, by which rule.
    """

    stronger: str
    weaker: str
    signal_id: str
    source: str
    at: Instant
    rule: str

    @property
    def id(self) -> str:
        """The same for the same two identifiers, whoever saw them together."""
        return link_id(self.stronger, self.weaker)

    @property
    def evidence(self) -> tuple[datetime, str, str]:
        """What orders the evidence for one link; the least of it counts."""
        return self.at, self.source, self.signal_id


class Identifier(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An identifier that points at a person, with the evidence for it.

    Attributes:
        namespace: what kind of identifier.
        value: its keyed hash.
        person_id: whom it points at; where that person was merged into another, its former one.
        signal_id, source, at, rule: which signal said so, sent by whom, when it happened, by which rule.
        epoch: of a namespace with a time to live, which of its periods this is.
        anchor: the key of the one identifier it hangs on, of one that the person's graph does not hold; empty where the
            graph does.
        shared: whether it met more persons than it may, and links to nobody any more.
        led_to: whom it was followed to when it was last, where that is another; a person who is made of `person_id` no
            more is not the one.
    """

    namespace: str
    value: str
    person_id: str
    signal_id: str
    source: str
    at: Instant
    rule: str
    epoch: int | None = None
    anchor: str = ""
    shared: bool = False
    led_to: str = ""

    @property
    def key(self) -> str:
        """What names it among all identifiers."""
        return key_of(self.namespace, self.value, self.epoch)


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier that could not be joined to the person, and why."""

    namespace: str
    person_id: str
    reason: str


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """An operator's word that a link is no evidence."""

    reason: str
    operator: str
    at: Instant


class Graph(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The identifiers of a person and the log of their links.

    Attributes:
        members: the keys of the person's identifiers, and of each the canonical id under which it entered: whose
            fragment its signals change. One that hangs on a single other and counts for no limit is not here.
        links: by id, those between members, and those refused between a member and another person's.
        conflicts: links that a rule refused, by id, with the reason.
        refusals: links that an operator refused, by id.
        others: the persons at the other end of conflicts.
    """

    members: dict[str, str] = {}
    links: dict[str, Link] = {}
    conflicts: dict[str, str] = {}
    refusals: dict[str, Refusal] = {}
    others: tuple[str, ...] = ()


NO_GRAPH = Graph()


def key_of(namespace: str, value: str, epoch: int | None = None) -> str:
    """The key of an identifier: in each period of a namespace with a time to live it is another one."""
    return f"{namespace}:{value}" if epoch is None else f"{namespace}:{value}@{epoch}"


def namespace_of(key: str) -> str:
    """The namespace in a key."""
    return key.partition(":")[0]


def value_of(key: str) -> str:
    """The value in a key, with its epoch where it has one."""
    return key.partition(":")[2]


def link_id(stronger: str, weaker: str) -> str:
    """The id of the link between two identifiers."""
    return hashlib.sha256(f"{stronger}\x00{weaker}".encode()).hexdigest()[:32]
