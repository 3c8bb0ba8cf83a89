"""`signals.identity`: whose a signal is, without any store; and the persons of 100,000 records, against connected
components by scipy, with which they must agree.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cli.bench.counts import Counts
from cli.bench.results import Result, result
from cli.say import fail
from shared.domain.catalogue import Namespace
from shared.domain.identity.links import Graph, Identifier, Link
from shared.domain.identity.partition import Partition, Strength, partition
from shared.domain.identity.rebuilding import rebuild
from shared.domain.identity.resolution import keys_of, news, seen_together
from shared.domain.profile import Person
from shared.domain.signal import Signal

PEER = "scipy"
AT_ONCE = 200
NOW = datetime(2026, 3, 1, tzinfo=UTC)
NAMESPACES = {
    each.id: each
    for each in (
        Namespace(id="customer_no", kind="person", priority=100, unique=True),
        Namespace(id="email_sha256", kind="person", priority=60, max_values=8),
        Namespace(id="cookie_id", kind="device", priority=20, max_persons=3),
        Namespace(id="session_id", kind="session", priority=10),
    )
}
STRENGTH = Strength(NAMESPACES)


class Records(NamedTuple):
    """Identifiers and the links between them, of persons who have nothing in common."""

    keys: dict[str, int]
    links: dict[str, Link]


def records(number: int) -> Records:
    """So many records, of a quarter as many persons: each names its customer, or only where it happened."""
    chance = random.Random(7)  # noqa: S311 - records, not secrets
    keys: dict[str, int] = {}
    links: dict[str, Link] = {}
    for index in range(number):
        person = chance.randrange(max(1, number // 4))
        held = {"cookie_id": f"{person}-{chance.randrange(3)}", "session_id": f"{person}-{chance.randrange(6)}"}
        if chance.random() < 0.5:
            held = {"customer_no": str(person), "email_sha256": f"{person}-{chance.randrange(3)}", **held}
        sent = _signal(index, held)
        strongest, *others = keys_of(sent, NAMESPACES)
        for key in (strongest, *others):
            keys.setdefault(key, len(keys))
        for link in (seen_together(sent, strongest, other) for other in others):
            links.setdefault(link.id, link)
    return Records(keys, links)


def components(of: Records) -> list[int]:
    """The connected component of each identifier, by scipy."""
    ends = np.array([(of.keys[link.stronger], of.keys[link.weaker]) for link in of.links.values()])
    size = len(of.keys)
    graph = coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(size, size))
    found: list[int] = connected_components(graph, directed=False)[1].tolist()
    return found


def agree(of: Records, found: Partition, labels: list[int]) -> bool:
    """Whether persons and components are the same."""
    pairs = {(part, labels[of.keys[key]]) for part, keys in enumerate(found.parts) for key in keys}
    return len(pairs) == len(found.parts) == len(set(labels))


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure it."""
    many = records(counts.identity_records)
    tell(f"identity: {counts.identity_records:,} records with {len(many.keys):,} identifiers")
    ours, theirs = [], []
    for _ in range(counts.engine_builds):
        started = time.perf_counter()
        found = partition(many.keys, many.links, STRENGTH)
        ours.append((time.perf_counter() - started) * 1e3)
        started = time.perf_counter()
        labels = components(many)
        theirs.append((time.perf_counter() - started) * 1e3)
        if not agree(many, found, labels):
            fail("The persons of these records are not their connected components.")
    known = list(_known(counts.engine_rounds))
    joined = list(_joined(counts.engine_rounds))
    return [
        result("identity.known", "µs", known, bench="signals"),
        result("identity.rebuild", "µs", joined, bench="signals"),
        result("identity.records", "ms", ours, bench="signals", peers={PEER: theirs}),
    ]


def _known(rounds: int) -> Iterator[float]:
    """A signal whose identifiers were seen together before."""
    sent = _signal(0, {"customer_no": "1", "email_sha256": "1", "cookie_id": "1"})
    keys = keys_of(sent, NAMESPACES)
    found = {key: _identifier(key, anchor=keys[0] if key == keys[2] else "") for key in keys}
    person = _person(keys[:2], [seen_together(sent, keys[0], keys[1])])
    for _ in range(rounds):
        started = time.perf_counter()
        new = [news(keys_of(sent, NAMESPACES), found, person, sent, STRENGTH) for _ in range(AT_ONCE)]
        yield (time.perf_counter() - started) * 1e6 / AT_ONCE
        assert not new[-1].links


def _joined(rounds: int) -> Iterator[float]:
    """A signal that makes two persons of three identifiers each one."""
    sent = _signal(0, {"customer_no": "1", "email_sha256": "1", "cookie_id": "1", "session_id": "1"})
    keys = keys_of(sent, NAMESPACES)
    other = ["cookie_id:2", "session_id:2", "session_id:3"]
    two = [
        _person(keys[:3], [seen_together(sent, keys[0], key) for key in keys[1:3]]),
        _person(other, [seen_together(sent, other[0], key) for key in other[1:]], "p-2"),
    ]
    link = seen_together(sent, keys[0], other[0])
    for _ in range(rounds):
        started = time.perf_counter()
        rebuilt = [rebuild(two, STRENGTH, str, now=NOW, links=[link]) for _ in range(AT_ONCE)]
        yield (time.perf_counter() - started) * 1e6 / AT_ONCE
        assert len(rebuilt[-1].persons) == 1


def _signal(index: int, identifiers: dict[str, str]) -> Signal:
    at = NOW + timedelta(seconds=index)
    return Signal(id=f"s-{index}", type="page_viewed", at=at, received_at=at, source="bench", identifiers=identifiers)


def _identifier(key: str, *, anchor: str) -> Identifier:
    namespace, _, value = key.partition(":")
    return Identifier(
        namespace=namespace,
        value=value,
        person_id="p-1",
        signal_id="s-0",
        source="bench",
        at=NOW,
        rule="seen_together",
        anchor=anchor,
    )


def _person(keys: list[str], links: list[Link], person_id: str = "p-1") -> Person:
    graph = Graph(members=dict.fromkeys(keys, person_id), links={link.id: link for link in links})
    return Person(person_id=person_id, version=1, created_at=NOW, graph=graph)
