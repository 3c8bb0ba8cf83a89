"""Catalogues of any size, as files: the small bank of the authoring cases with made-up actions and attributes."""

from __future__ import annotations

import random
import re
from pathlib import Path

from shared.authoring import read

BANK = Path(__file__).parent / "unit" / "authoring_cases" / "bank"
_ATTRIBUTES = 120
_A_FILE = 250
_PRODUCTS = ("saver", "loan", "card", "mortgage", "isa", "cover")


def generated(actions: int, seed: int = 1) -> dict[str, str]:
    """The texts of a catalogue of so many actions: three to eight conditions each, a fifth with an alternative, many of
    them shared.
    """
    rng = random.Random(seed)
    files = read(BANK)
    shared = [_condition(rng) for _ in range(1000)]
    files["schema.yaml"] = "profile:\n" + "".join(_attribute(n) for n in range(_ATTRIBUTES)) + _FEW
    del files["actions/red/grow.yaml"], files["actions/blue/serve.yaml"]
    for first in range(0, actions, _A_FILE):
        texts = (_action(n, rng, shared) for n in range(first, min(first + _A_FILE, actions)))
        files[f"actions/red/{first:05}.yaml"] = "actions:\n" + "".join(texts)
    return files


_FEW = """\
  age: {type: int, required: true, description: Years}
  balance: {type: double, description: In pounds}
  residency: {type: string, values: [uk, abroad], description: Where they live}
  vip: {type: bool, required: true, description: A client of ours}
context:
  call_topic: {type: string, values: [savings, loans], description: What the call is about}
"""
_READ = re.compile(r"profile\.a[0-9]+")
_KINDS = ("int", "double", "bool", "string")


def _attribute(n: int) -> str:
    return f"  a{n}: {{type: {_KINDS[n % 4]}, description: Attribute {n}}}\n"


def _condition(rng: random.Random) -> str:
    clause = _atom(rng)
    return f"{clause} || {_atom(rng)}" if rng.random() < 0.2 else clause


def _atom(rng: random.Random) -> str:
    n = rng.randrange(_ATTRIBUTES)
    name = f"profile.a{n}"
    match _KINDS[n % 4]:
        case "int":
            return f"{name} {rng.choice(('<', '>='))} {rng.randrange(1000)}"
        case "double":
            return f"{name} {rng.choice(('<', '>='))} {rng.randrange(10000) / 10}"
        case "bool":
            return rng.choice(("", "!")) + name
        case _:
            return rng.choice((f'{name} == "{rng.choice(_PRODUCTS)}"', f'{name} in ["saver", "{rng.choice("xyz")}"]'))


def _together(own: str, others: list[str]) -> list[str]:
    """Conditions of which no two read the same, so that somebody meets them all."""
    found, read = [own], set(_READ.findall(own))
    for when in others:
        if read.isdisjoint(_READ.findall(when)):
            found.append(when)
            read.update(_READ.findall(when))
    return found


def _action(n: int, rng: random.Random, shared: list[str]) -> str:
    conditions = _together(_condition(rng), rng.sample(shared, rng.randrange(2, 7)))
    policy = "".join(
        f"        - {{name: c{i}, when: '{when}', reason: Reason {i} of action {n}.}}\n"
        for i, when in enumerate(conditions)
    )
    return f"""\
  - id: action_{n:05}
    name: Action {n}
    brand: {rng.choice(("red", "blue"))}
    group: {rng.choice(("savings", "loans", "help"))}
    purpose: marketing
    value: {rng.randrange(100)}
    starting: {{propensity: 0.05, evidence: 100}}
    policy:
      eligibility:
{policy}\
    treatments:
      - id: email
        channel: email
        content: {{subject: Action {n}, body: "<p>Hello.</p>"}}
      - id: web
        channel: web
        placement: web.tile
        content: {{headline: "Action {n}", body: "<p>{{{{ profile.a1 | default(0) }}}}</p>"}}
"""
