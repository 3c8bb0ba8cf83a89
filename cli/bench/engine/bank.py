"""The catalogue and the persons of the bench: 120 attributes, conditions that many actions share, some of their own.

Everything comes of one seed. Of an action's three to eight conditions, seven in ten stand in many actions; a fifth of
the actions has a condition with an alternative. Each condition holds for about 85 % of the persons who have the
attribute, and each person lacks a tenth of the attributes, so that about 22 % of the actions pass.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.authoring import build
from shared.domain.catalogue import Revision
from shared.domain.profile import Person
from shared.domain.signal import Signal

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEED = 20_260_302
NUMBERS = tuple(f"amount_{n}" for n in range(60))
TEXTS = tuple(f"segment_{n}" for n in range(30))
YES_NO = tuple(f"is_{n}" for n in range(30))
VALUES = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta")
GROUPS = 40
ISSUES = 6
SHARED_CONDITIONS = 300
PREDICTORS = 30
PLACEMENTS = ("web.hero", "web.tile", "web.footer")
MISSING = 0.1
BRAND = "oak"


def revision(actions: int, predictors: int = 0) -> Revision:
    """A bank of so many actions, one treatment each, and so many predictors."""
    return build(files(actions, predictors))


def files(actions: int, predictors: int = 0) -> dict[str, str]:
    """The files of that bank. JSON is YAML."""
    made = {
        "bank.yaml": _bank(),
        "schema.yaml": {"profile": dict(_attributes()), "context": {}},
        "channels.yaml": {"channels": [_channel()]},
        "identity.yaml": {"namespaces": [{"id": "customer_no", "kind": "person", "priority": 100, "unique": True}]},
        "arbitration.yaml": {"predictors": list(_predictors())[:predictors]},
        "contact_policy.yaml": {"rules": _rules()},
        "actions/all.yaml": {"actions": list(_actions(actions))},
    }
    return {name: msgspec.json.encode(content).decode() for name, content in made.items()}


def conditions(actions: int) -> list[list[str]]:
    """The conditions of each action, as the files have them."""
    rng = random.Random(SEED)  # noqa: S311 - data to measure with
    shared = [_condition(rng) for _ in range(SHARED_CONDITIONS)]
    found = []
    for _ in range(actions):
        own = [rng.choice(shared) if rng.random() < 0.7 else _condition(rng) for _ in range(rng.randint(3, 8))]
        if rng.random() < 0.2:
            own[0] = f"{rng.choice(shared)} || {rng.choice(shared)}"
        found.append(own)
    return found


def people(count: int) -> list[Person]:
    """Persons of that bank."""
    rng = random.Random(SEED + 1)  # noqa: S311
    return [
        Person(
            person_id=f"p-{number:06d}",
            version=1,
            created_at=NOW,
            attributes=dict(_known(rng)),
            brands=(BRAND,),
        )
        for number in range(count)
    ]


def signal(number: int) -> Signal:
    """What a person did."""
    return Signal(
        id=f"s-{number}",
        type="decision_requested",
        at=NOW,
        received_at=NOW,
        source="decide",
        identifiers={"customer_no": f"{number:032x}"},
        brand=BRAND,
        context={"channel": "web"},
    )


def _condition(rng: random.Random) -> str:
    kind = rng.random()
    if kind < 0.5:
        name, at = rng.choice(NUMBERS), round(rng.uniform(5.0, 25.0), 1)
        return f"profile.{name} >= {at}" if rng.random() < 0.5 else f"profile.{name} < {100.0 - at}"
    if kind < 0.8:
        allowed = ", ".join(f'"{value}"' for value in sorted(rng.sample(VALUES, 6)))
        return f"profile.{rng.choice(TEXTS)} in [{allowed}]"
    return f"!profile.{rng.choice(YES_NO)}"


def _known(rng: random.Random) -> Iterator[tuple[str, Any]]:
    for name in NUMBERS:
        if rng.random() >= MISSING:
            yield name, round(rng.uniform(0.0, 100.0), 2)
    for name in TEXTS:
        if rng.random() >= MISSING:
            yield name, rng.choice(VALUES)
    for name in YES_NO:
        if rng.random() >= MISSING:
            yield name, rng.random() < 0.15


def _attributes() -> Iterator[tuple[str, dict[str, str]]]:
    yield from ((name, {"type": "double", "description": "Pounds"}) for name in NUMBERS)
    yield from ((name, {"type": "string", "description": "A segment"}) for name in TEXTS)
    yield from ((name, {"type": "bool", "description": "Whether it is so"}) for name in YES_NO)


def _predictors() -> Iterator[dict[str, Any]]:
    """Two of numbers with eight bins each, then one of words."""
    for n, name in enumerate(TEXTS):
        yield {"reads": f"profile.{NUMBERS[2 * n]}", "kind": "numeric", "edges": [12.5, 25, 37.5, 50, 62.5, 75, 87.5]}
        yield {"reads": f"profile.{NUMBERS[2 * n + 1]}", "kind": "numeric", "edges": [5, 10, 20, 40, 60, 80, 90]}
        yield {"reads": f"profile.{name}", "kind": "symbolic", "values": list(VALUES)}


def _bank() -> dict[str, Any]:
    return {
        "name": "Bench Bank",
        "time_zone": "Europe/London",
        "brands": [{"id": BRAND, "name": "Oak Bank"}],
        "issues": [{"id": f"issue_{n}", "name": f"Issue {n}", "purpose": "To measure."} for n in range(ISSUES)],
        "groups": [
            {"id": f"group_{n}", "issue": f"issue_{n % ISSUES}", "name": f"Group {n}", "owner": "Bench"}
            for n in range(GROUPS)
        ],
    }


def _channel() -> dict[str, Any]:
    placements = [{"id": placement, "name": placement} for placement in PLACEMENTS]
    return {
        "id": "web",
        "name": "Website",
        "direction": "inbound",
        "medium": "html",
        "price": 0,
        "placements": placements,
    }


def _rules() -> list[dict[str, Any]]:
    return [
        {
            "id": "group_weekly",
            "kind": "cap",
            "limit": 3,
            "outcomes": ["impression"],
            "window": "7d",
            "per": "group",
            "reason": "Enough of one thing.",
        },
        {
            "id": "after_a_no",
            "kind": "cooldown",
            "outcomes": ["dismiss", "reject"],
            "period": "30d",
            "same": "action",
            "reason": "It was turned down.",
        },
        {
            "id": "vulnerable",
            "kind": "exclusion",
            "flag": "vulnerable",
            "stops": ["marketing"],
            "reason": "Service only.",
        },
    ]


def _actions(count: int) -> Iterator[dict[str, Any]]:
    rng = random.Random(SEED + 2)  # noqa: S311
    for number, own in enumerate(conditions(count)):
        yield {
            "id": f"action_{number:04d}",
            "name": f"Action {number}",
            "brand": BRAND,
            "group": f"group_{rng.randrange(GROUPS)}",
            "purpose": "service",
            "value": round(rng.uniform(1.0, 200.0), 2),
            "lever": rng.choice([1.0, 1.0, 1.0, 1.5, 0.5]),
            "starting": {"propensity": round(rng.uniform(0.01, 0.3), 4), "evidence": 20},
            "policy": {
                "eligibility": [{"name": f"c{n}", "when": when, "reason": "To measure."} for n, when in enumerate(own)]
            },
            "treatments": [
                {
                    "id": "web",
                    "channel": "web",
                    "placement": rng.choice(PLACEMENTS),
                    "content": {"headline": f"Headline {number}", "body": f"<p>Body {number}</p>"},
                }
            ],
        }
