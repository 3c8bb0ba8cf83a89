"""Each function of CEL against Google's: on every combination of types, on texts made from a seed, and on patterns.

`KAIROS_CEL_FUZZ` says how many texts and patterns are tried (1,000 unless it is set), `KAIROS_CEL_SEED` where the
generator starts.
"""

from __future__ import annotations

import itertools
import os
import random
import struct
from typing import Any

import pytest
from cel_expr_python import cel

from shared.authoring.checked import ProgramError
from shared.authoring.programs import program_data
from shared.domain.cel import program
from shared.domain.cel.automata import matches
from shared.domain.cel.conversions import double_text
from shared.domain.cel.functions import FUNCTIONS
from tests.property.test_cel_against_google import from_google, same

CASES = int(os.environ.get("KAIROS_CEL_FUZZ", "1000"))
SEED = int(os.environ.get("KAIROS_CEL_SEED", "1"))
ENV = cel.NewEnv(variables={"text": cel.Type.STRING, "pattern": cel.Type.STRING, "number": cel.Type.DOUBLE})

VALUES = ["null", "true", "1", "-1", "2u", "1.5", "2.0", "'a'", "'1'", "b'a'", "[1]", "[]", "{'a': 1}", "{1: 2}"]
VALUES += ["timestamp(5)", "duration('1s')", "int", "'UTC'", "1.0 / 0.0"]
OF_ONE = ["size({})", "int({})", "uint({})", "double({})", "string({})", "bytes({})", "bool({})", "timestamp({})"]
OF_ONE += ["duration({})", "type({})", "!{}", "-{}", "{}.getHours()", "{}.getFullYear()", "{}.getMilliseconds()"]
OF_ONE += ["{}.size()", "has({}.a)", "{}.a", "{}.all(x, true)", "{}.map(x, x)", "{}.exists_one(x, true)"]
OF_ONE += ["{}.filter(x, dyn(1))", "[{}][0]", "{} ? 1 : 2"]
OF_TWO = [
    f"{{}} {symbol} {{}}" for symbol in ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "in", "&&", "||")
]
OF_TWO += ["{}[{}]", "{}.contains({})", "{}.startsWith({})", "{}.endsWith({})", "{}.matches({})", "{}.getHours({})"]

CONDITIONS = ["true", "false", "1 / 0 > 0", "{}.missing", "7"]
RESULTS = ["1", "1 / 0", "{}.missing"]

TEXTS = ["2024-01-01T00:00:00Z", "2024-02-29T23:59:60.123456789+05:30", "1h30m", "-1.5s", "1e5", "inf", "nan", "true"]
TEXTS += ["FALSE", "18446744073709551615", "-9223372036854775808", "infinity", " 7 ", "-0"]
CHARACTERS = "0123456789+-.eETtrufalsinhmZ:, _"

PIECES = ["a", "b", "k", "S", "é", ".", r"\d", r"\w", r"\s", r"\W", "[a-c]", "[^a]", "[[:alpha:]]", r"[\d-]", "^", "$"]
PIECES += [
    r"\b",
    r"\B",
    r"\n",
    r"\pL",
    r"\x41",
    "(?i)",
    "(?m)",
    "(?s)",
    "(?i:k)",
    "(a|b)",
    "(?:ab)",
    "|",
    "*",
    "+",
    "?",
]
PIECES += [
    "{2}",
    "{1,3}",
    "{0,2}",
    "*?",
    "{",
    "(",
    "(?i:",
    ")",
    "[",
    "]",
    "-",
    r"\.",
    "_",
    r"\Qa+\E",
    r"[a-c\s]",
    r"[^\w]",
]
MATCHED = ["", "a", "b", "ab", "ba", "aab", "A", "k", "K", "s", "S", "\u017f", "\u212a", "é", "1", "_"]
MATCHED += ["\n", "a\nb", "aa\n", "ab1", " a ", "a-b", "a.b", "[a]", "aaaa", "a+", "{", "ab ab\n1"]


@pytest.mark.parametrize("form", [*OF_ONE, *OF_TWO])
def test_every_function_on_every_type(form):
    for values in itertools.product(VALUES, repeat=form.count("{}")):
        text = form.format(*(f"dyn({value})" for value in values))
        theirs = ENV.compile(text)
        try:
            data = program_data(theirs.serialize())
        except ProgramError:
            continue  # a constant text that can never be read
        assert same(from_google(theirs.eval(data={})), program(data).evaluate({})), text


@pytest.mark.parametrize("name", ["int", "uint", "double", "bool", "timestamp", "duration"])
def test_texts_are_read_alike(name):
    r = random.Random(SEED)
    theirs = ENV.compile(f"{name}(text)")
    for _ in range(CASES):
        text = mutated(r, r.choice(TEXTS))
        assert same(from_google(theirs.eval(data={"text": text})), FUNCTIONS[name].run(text)), text


def test_doubles_are_written_alike():
    r = random.Random(SEED)
    theirs = ENV.compile("string(number)")
    for _ in range(CASES):
        number = r.choice(
            [any_double(r), round(r.uniform(-1, 1) * 10 ** r.randint(-8, 20), r.randint(0, 8)), 0.1 * r.random()]
        )
        if number == number:  # noqa: PLR0124 - the sign of NaN is the machine's
            assert double_text(number) == theirs.eval(data={"number": number}).value()


def test_patterns_match_alike():
    r = random.Random(SEED)
    theirs = ENV.compile("text.matches(pattern)")
    for _ in range(CASES):
        pattern = "".join(r.choice(PIECES) for _ in range(r.randint(1, 6)))
        for text in r.sample(MATCHED, 6):
            ours = matches(text, pattern)
            if "case" in str(ours):
                break  # letters beyond ASCII are refused where case is ignored
            assert same(from_google(theirs.eval(data={"text": text, "pattern": pattern})), ours), (pattern, text)


@pytest.mark.parametrize("macro", ["all", "exists", "exists_one", "filter", "map"])
def test_macros_end_alike(macro):
    """Whichever elements end in no value: of two, of three, and where the condition holds or not."""
    for said in itertools.product(CONDITIONS, repeat=3):
        condition = "x == 0 ? dyn({}) : x == 1 ? dyn({}) : dyn({})".format(*said)
        results = itertools.product(RESULTS, repeat=3) if macro == "map" and set(said) <= {"true", "7"} else [()]
        for made in results:
            result = ", x == 0 ? dyn({}) : x == 1 ? dyn({}) : dyn({})".format(*made) if made else ""
            text = f"[0, 1, 2].{macro}(x, {condition}{result})"
            theirs = ENV.compile(text)
            assert same(from_google(theirs.eval(data={})), program(program_data(theirs.serialize())).evaluate({})), text


def mutated(r: random.Random, text: str) -> str:
    characters = list(text)
    for _ in range(r.randint(0, 2)):
        at = r.randint(0, len(characters))
        characters[at : at + r.randint(0, 1)] = r.choice(["", r.choice(CHARACTERS)])
    return "".join(characters)


def any_double(r: random.Random) -> Any:
    return struct.unpack("<d", r.randbytes(8))[0]
