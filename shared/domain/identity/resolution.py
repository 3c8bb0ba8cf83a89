"""What a signal says of identifiers: which of them were seen together, and what of that is new (`domain.md` 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from shared.domain.catalogue import Namespace
from shared.domain.identity.links import NO_GRAPH, Conflict, Graph, Identifier, Link, key_of, namespace_of, value_of
from shared.domain.identity.partition import SHARED, Strength
from shared.domain.profile import Person
from shared.domain.signal import Signal

FIRST_SEEN = "first_seen"
TOGETHER = "seen_together"

_DAY_SECONDS = 86_400


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What a signal adds to what is known of identifiers.

    Attributes:
        hanging: identifiers never seen before that hang on the signal's strongest one; they concern no graph.
        earlier: identifiers that hang, with earlier evidence than there was.
        links: evidence that a graph does not have.
        conflicts: links of the signal that were refused when they were new.
    """

    hanging: tuple[Identifier, ...] = ()
    earlier: tuple[Identifier, ...] = ()
    links: tuple[Link, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def keys_of(signal: Signal, namespaces: Mapping[str, Namespace]) -> list[str]:
    """The keys of a signal's identifiers, strongest first; ties by namespace."""
    if len(signal.identifiers) == 1:
        [(only, value)] = signal.identifiers.items()
        return [key_of(only, value, epoch(namespaces[only], signal.at))]
    order = sorted(signal.identifiers, key=lambda ns: (-namespaces[ns].priority, ns))
    return [key_of(ns, signal.identifiers[ns], epoch(namespaces[ns], signal.at)) for ns in order]


def is_held(identifier: Identifier, person: Person) -> bool:
    """Whether a person that an identifier points at has it still, or has what it hangs on, unless that is shared. A
    person stored before there were graphs has all that point at it.
    """
    graph = person.graph
    if identifier.anchor and SHARED in graph.conflicts.values():
        return False  # such a link stands with the shared identifier, which is nobody else's
    return not graph.members or (identifier.anchor or identifier.key) in graph.members


def news(
    keys: Sequence[str], found: Mapping[str, Identifier], person: Person | None, signal: Signal, strength: Strength
) -> News:
    """What a signal adds.

    Args:
        keys: of its identifiers that may link, strongest first.
        found: those of them that are known.
        person: whom the strongest points at, None where it is not known.
        signal: the signal.
        strength: what the catalogue says of identifiers.
    """
    strongest = keys[0]
    hanging, earlier, links, conflicts = [], [], [], []
    carries = person is not None and strongest in found and not found[strongest].anchor
    for key in keys[1:]:
        link, known = seen_together(signal, strongest, key), found.get(key)
        if known is None:
            if carries and strength.namespace(key).hangs:
                hanging.append(pointing(key, signal, found[strongest].person_id, TOGETHER, anchor=strongest))
            else:
                links.append(link)
        elif known.anchor == strongest and strongest in found:
            if link.evidence < (known.at, known.source, known.signal_id):
                earlier.append(msgspec.structs.replace(known, at=signal.at, source=signal.source, signal_id=signal.id))
        elif known.anchor or person is None:
            links.append(link)
        else:
            there = person.graph.links.get(link.id)
            if there is None and not person.graph.members and known.person_id == found[strongest].person_id:
                continue  # stored together before there were graphs
            if there is None or link.evidence < there.evidence:
                links.append(link)
            elif link.id in person.graph.conflicts:
                conflicts.append(
                    Conflict(
                        namespace=namespace_of(key),
                        person_id=known.person_id,
                        reason=person.graph.conflicts[link.id],
                    )
                )
    return News(hanging=tuple(hanging), earlier=tuple(earlier), links=tuple(links), conflicts=tuple(conflicts))


def met_apart(
    shared: Identifier,
    keys: Sequence[str],
    found: Mapping[str, Identifier],
    graphs: Mapping[str, Graph],
    signal: Signal,
    strength: Strength,
) -> News:
    """What a signal adds whose strongest identifier is shared, and joins nobody: whom the others met counts for their
    limits all the same, and is known by the link, which stands with them.

    Args:
        shared: the strongest.
        keys: of the others that are not shared, strongest first.
        found: those of all that are known.
        graphs: of these the graph of the person, where there is one.
        signal: the signal.
        strength: what the catalogue says of identifiers.
    """
    hanging, links = [], []
    for key in keys:
        if not strength.counts(shared.key, key):
            continue
        link = seen_together(signal, shared.key, key)
        if key != keys[0] and key not in found:
            hanging.append(pointing(key, signal, shared.person_id, TOGETHER, anchor=shared.key))
        elif key not in found or (found[key].anchor != shared.key and link.id not in graphs.get(key, NO_GRAPH).links):
            links.append(link)
    return News(hanging=tuple(hanging), links=tuple(links))


def seen_together(signal: Signal, stronger: str, weaker: str) -> Link:
    """The link that a signal is evidence of."""
    return Link(
        stronger=stronger, weaker=weaker, signal_id=signal.id, source=signal.source, at=signal.at, rule=TOGETHER
    )


def hanging_by(identifier: Identifier) -> Link:
    """The link by which an identifier hangs."""
    return Link(
        stronger=identifier.anchor,
        weaker=identifier.key,
        signal_id=identifier.signal_id,
        source=identifier.source,
        at=identifier.at,
        rule=identifier.rule,
    )


def pointing(key: str, signal: Signal, person_id: str, rule: str, *, anchor: str = "") -> Identifier:
    """An identifier that points at a person because of a signal."""
    namespace = namespace_of(key)
    value = signal.identifiers[namespace]
    epoch = value_of(key)[len(value) + 1 :]
    return Identifier(
        namespace=namespace,
        value=value,
        person_id=person_id,
        signal_id=signal.id,
        source=signal.source,
        at=signal.at,
        rule=rule,
        epoch=int(epoch) if epoch else None,
        anchor=anchor,
    )


def conflicts_of(
    links: Sequence[Link], refused: Mapping[str, str], person_of: Mapping[str, str]
) -> tuple[Conflict, ...]:
    """What stood against a signal's links."""
    return tuple(
        Conflict(
            namespace=namespace_of(link.weaker),
            person_id=person_of[link.weaker],
            reason=refused[link.id],
        )
        for link in links
        if link.id in refused
    )


def epoch(namespace: Namespace, at: datetime) -> int | None:
    """Which period of a namespace with a time to live an instant is in, None where it has none."""
    if namespace.ttl_days is None:
        return None
    return int(at.timestamp() // (namespace.ttl_days * _DAY_SECONDS))
