"""`signals.features`: ten thousand signals of one person, taken in one by one by the features of the sample bank; what
is kept of them, and what they say. Once spread over 90 days, and once all within an hour, where most samples are full;
and once spread, under ten identifiers, of which each keeps what it taught.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cli.bench.counts import Counts
from cli.bench.results import Result, result
from cli.platform import ROOT
from shared.authoring import load
from shared.domain.identity.links import Graph
from shared.domain.identity.teaching import taught
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.signal import Signal

SIGNALS = 10_000
VOICES = 10
STATE_BYTES = 20_000
"""What a profile may keep of its signals at the most."""

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
_SECTIONS = ("savings", "mortgages", "loans", "cards", "help")
_KINDS = {
    "page_viewed": 40,
    "product_viewed": 15,
    "calculator_used": 5,
    "card_payment_made": 25,
    "payment_declined": 5,
    "balance_changed": 10,
}
"""How many in a hundred are of a type."""

_SPANS = {"spread": timedelta(days=90), "crowded": timedelta(hours=1)}
_MICROSECONDS = 1e6


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure both persons."""
    policy = Policy(load(ROOT / "catalogue"))
    results: list[Result] = []
    for name, span in _SPANS.items():
        tell(f"features: {SIGNALS} signals of one person within {span}")
        updates: list[float] = []
        states: dict[str, bytes] = {}
        for signal in _signals(span):
            started = time.perf_counter()
            states = policy.features.update(states, signal)
            updates.append((time.perf_counter() - started) * _MICROSECONDS)
        person = Person(person_id="p-1", version=1, created_at=NOW, features=states)
        seen: list[float] = []
        for _ in range(10 * counts.engine_persons):
            started = time.perf_counter()
            policy.features.seen(person, NOW)
            seen.append((time.perf_counter() - started) * _MICROSECONDS)
        kept = float(sum(len(key) + len(state) for key, state in states.items()))
        results += [
            result(f"features.update.{name}", "µs", updates, bench="signals"),
            result(f"features.values.{name}", "µs", seen, bench="signals"),
            result(f"features.state.{name}", "bytes", [kept], bench="signals", limit=STATE_BYTES),
        ]
    return [*results, *_apart(policy, tell)]


def _apart(policy: Policy, tell: Callable[[str], None]) -> list[Result]:
    """A customer who was seen on nine devices, too."""
    tell(f"features: {SIGNALS} signals of one person under {VOICES} identifiers")
    namespaces = [each.id for each in policy.revision.namespaces.values() if each.kind != "person"]
    keys = ["customer_no:1", *(f"{namespaces[n % len(namespaces)]}:{n}" for n in range(1, VOICES))]
    person = Person(person_id="p-1", version=1, created_at=NOW, graph=Graph(members=dict.fromkeys(keys, "p-1")))
    updates: list[float] = []
    for number, signal in enumerate(_signals(_SPANS["spread"])):
        started = time.perf_counter()
        person = taught(person, "p-1", keys[number % VOICES], signal, policy)
        updates.append((time.perf_counter() - started) * _MICROSECONDS)
    held = [person.features, *(lesson.features for lesson in person.lessons.values())]
    kept = float(sum(len(key) + len(state) for states in held for key, state in states.items()))
    return [
        result("features.update.apart", "µs", updates, bench="signals"),
        result("features.state.apart", "bytes", [kept], bench="signals", limit=STATE_BYTES),
    ]


def _signals(span: timedelta) -> list[Signal]:
    """In order of time, as most come."""
    rng = random.Random(1)  # noqa: S311 - the same signals in every run
    ages = sorted((rng.random() for _ in range(SIGNALS)), reverse=True)
    return [
        Signal(
            id=f"s-{number}",
            type=rng.choices(list(_KINDS), list(_KINDS.values()))[0],
            at=NOW - age * span,
            received_at=NOW - age * span,
            source="web",
            identifiers={},
            properties={
                "category": rng.choice(_SECTIONS),
                "amount": round(rng.lognormvariate(3, 1), 2),
                "change": round(rng.gauss(0, 300), 2),
            },
        )
        for number, age in enumerate(ages)
    ]
