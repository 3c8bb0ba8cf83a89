"""Whatever comes to the doors of CEL, text, serialized expressions, programs' data or values, ends in a value or in a
clear error.

`KAIROS_CEL_FUZZ` says how many cases each test tries (1,000 unless it is set), `KAIROS_CEL_SEED` where it starts.
"""

from __future__ import annotations

import copy
import os
import random
import string
from datetime import UTC, datetime
from typing import Any

import msgspec
from cel_expr_python import cel

from shared.authoring.checked import ProgramError
from shared.authoring.programs import check_text, program_data
from shared.domain.cel import Program, from_python, program
from shared.domain.cel.limits import MAX_LENGTH
from shared.domain.errors import InvalidError
from shared.domain.policy.clauses import clauses
from shared.domain.policy.index import Index, Tabled
from tests.property.cel_generator import KINDS, VARIABLES, Generator
from tests.property.test_cel_against_google import bound

CASES = int(os.environ.get("KAIROS_CEL_FUZZ", "1000"))
SEED = int(os.environ.get("KAIROS_CEL_SEED", "1"))
ENV = cel.NewEnv(variables=VARIABLES)
PIECES = [
    *"()[]{}.,:?!&|+-*/%<>='\"\\ \n\t@_$#`~^;",
    "&&",
    "||",
    "==",
    "in",
    "true",
    "null",
    "profile",
    ".exists(x,",
    "r'",
]
PIECES += [
    "has(",
    "1u",
    "0x7f",
    "1e999",
    "9223372036854775808",
    "b'\\xff'",
    "é",
    "😀",
    "\x00",
    "google.protobuf.Any{}",
    "type",
]
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "get",
    "name",
    "@budget",
    "x",
    "call",
    "==",
    [],
    [[]],
    ["name"],
    {},
    b"x",
]
VALUES: list[Any] = [
    2**80,
    -(2**80),
    "x" * 5_000,
    [[[[]]]] * 50,
    {"a": {"b": None}},
    {1: 2, False: 3},
    b"\xff",
    (1, 2),
    1j,
]
VALUES += [object(), datetime(1, 1, 1, tzinfo=UTC), datetime.max, frozenset({1}), float("nan"), "\ud800"]  # noqa: DTZ901


def test_text():
    generator = Generator(SEED)
    built = 0
    for _ in range(CASES):
        text = mutated_text(generator.random, generator.expression())
        try:
            check_text(text)
            made = program(program_data(ENV.compile(text).serialize()))
        except (ProgramError, RuntimeError):
            continue
        built += 1
        run(made, generator)
    assert built > 0.1 * CASES


def test_serialized_expressions():
    generator = Generator(SEED + 1)
    read = 0
    for serialized in serialized_expressions(generator):
        try:
            data = program_data(mutated_bytes(generator.random, serialized))
        except ProgramError:
            continue
        read += 1
        run(built(data), generator)
    assert read > 0.1 * CASES


def test_data():
    generator = Generator(SEED + 2)
    taken = 0
    for serialized in serialized_expressions(generator):
        try:
            data = mutated_data(generator.random, program_data(serialized))
            made = program(data)
        except (ProgramError, InvalidError):
            continue
        taken += 1
        run(made, generator)
    assert taken > 0.1 * CASES


def test_values():
    generator = Generator(SEED + 3)
    for serialized in serialized_expressions(generator):
        try:
            made = program(program_data(serialized))
        except ProgramError:
            continue
        variables = generator.variables()
        fields = variables.get("profile", {})
        fields[generator.random.choice(["age", "balance", "job", "flags", "limits"])] = generator.random.choice(VALUES)
        made.evaluate({**bound(variables), "profile": fields})
        made.evaluate({name: from_python(generator.random.choice(VALUES)) for name in VARIABLES})


def serialized_expressions(generator: Generator) -> Any:
    made = 0
    while made < CASES:
        try:
            yield ENV.compile(generator.expression()).serialize()
        except RuntimeError:
            continue
        made += 1


def built(data: Any) -> Program:
    """A program of data that the build gave: nothing that it gives may be refused."""
    return program(msgspec.json.decode(msgspec.json.encode(data)))


def run(made: Program, generator: Generator) -> None:
    """Evaluate in both ways."""
    variables = bound(generator.variables())
    made.evaluate(variables)
    found = clauses(made.data)
    if found is not None:
        Index(1, [Tabled(found, False, 1)], []).passing({"profile": {}, "signal": {}, "context": {}, **variables})
    assert isinstance(made.reads, tuple)


def mutated_text(r: random.Random, text: str) -> str:
    chance = r.random()
    if chance < 0.05:
        return "".join(
            chr(r.choice([r.randint(0, 127), r.randint(0, 127), r.randint(0, 0x10FFFF)]))
            for _ in range(r.randint(0, 60))
        )
    if chance < 0.08:
        return r.choice(["(", "[", "!", "-", "a.", "1+", "true?1:", "[1].map(x,", "true&&", "{1:"]) * r.randint(
            1, MAX_LENGTH
        )
    if chance < 0.5:
        return text
    for _ in range(r.randint(1, 3)):
        at = r.randint(0, len(text))
        text = text[:at] + r.choice([*PIECES, r.choice(string.printable), ""]) + text[at + r.randint(0, 4) :]
    return text


def mutated_bytes(r: random.Random, data: bytes) -> bytes:
    if r.random() < 0.05:
        return r.randbytes(r.randint(0, 80))
    changed = bytearray(data)
    for _ in range(r.randint(0, 3)):
        at = r.randrange(len(changed) or 1)
        changed[at : at + r.randint(0, 2)] = r.randbytes(r.randint(0, 2))
    return bytes(changed)


def mutated_data(r: random.Random, data: Any) -> Any:
    """The data with some parts replaced, left out or doubled."""
    data = copy.deepcopy(data)
    for _ in range(r.randint(0, 2)):
        node = data
        while True:
            inner = [part for part in node if isinstance(part, list)]
            if not inner or r.random() < 0.3:
                break
            node = r.choice(inner)
        if not node:
            continue
        at = r.randrange(len(node))
        match r.randint(0, 3):
            case 0:
                node[at] = copy.deepcopy(r.choice(JUNK))
            case 1:
                del node[at]
            case 2:
                node.insert(at, copy.deepcopy(r.choice([*node, r.choice(KINDS)])))
            case _:
                node[at] = copy.deepcopy(data)
    return data
