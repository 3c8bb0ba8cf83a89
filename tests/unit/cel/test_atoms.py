"""What becomes one atom, and how conditions hang together."""

from __future__ import annotations

import pytest
from cel_expr_python import cel

from shared.authoring.programs import program_data
from shared.domain.cel import Timestamp
from shared.domain.cel.atoms import Among, And, Comparison, Constant, Has, Holds, Not, Or, Other, Truth, decompose

UNTYPED = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
ENV = cel.NewEnv(variables={"profile": UNTYPED, "signal": UNTYPED, "now": cel.Type.TIMESTAMP})
BALANCE = ("profile", "balance")
RICH = Comparison(BALANCE, ">=", Constant("double", 500.0))
ARREARS = Truth(("profile", "in_arrears"))


def tree(text):
    return decompose(program_data(ENV.compile(text).serialize()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("profile.balance >= 500.0", RICH),
        ("500.0 <= profile.balance", RICH),
        ("profile['balance'] >= 250.0 * 2.0", RICH),
        ("profile.balance != 5", Not(Comparison(BALANCE, "==", Constant("int", 5)))),
        ("profile.balance == null", Comparison(BALANCE, "==", Constant("null_type", None))),
        ("profile.balance >= 500.0 && !profile.in_arrears", And((RICH, Not(ARREARS)))),
        ("profile.in_arrears || (profile.in_arrears || profile.balance >= 500.0)", Or((ARREARS, ARREARS, RICH))),
        (
            "profile.job in ['b', 'a', 'b']",
            Among(("profile", "job"), (Constant("string", "a"), Constant("string", "b"))),
        ),
        ("'gold' in profile.flags", Holds(("profile", "flags"), Constant("string", "gold"))),
        ("has(signal.properties.balance)", Has(("signal", "properties", "balance"))),
        (
            "profile.since < timestamp('1970-01-01T00:00:01Z')",
            Comparison(("profile", "since"), "<", Constant("google.protobuf.Timestamp", Timestamp(10**9))),
        ),
        ("now > timestamp(5)", Comparison(("now",), ">", Constant("google.protobuf.Timestamp", Timestamp(5 * 10**9)))),
    ],
)
def test_atoms(text, expected):
    assert tree(text) == expected
    assert hash(tree(text)) == hash(expected)


@pytest.mark.parametrize(
    "text",
    [
        "profile.a > profile.b",
        "now - profile.since > duration('2160h')",
        "profile.flags.exists(f, f == 'a')",
        "profile.a == 0.0 / 0.0",
        "profile.a in [profile.b]",
        "profile.a in [[1]]",
        "profile.a ? true : false",
        "1 == 1",
    ],
)
def test_what_is_no_simple_atom(text):
    assert isinstance(tree(text), Other)


def test_types_are_part_of_an_atom():
    assert tree("profile.a == 1") != tree("profile.a == 1.0")
    assert tree("profile.a == 1") != tree("profile.a == true")
    assert tree("profile.a == 1") != tree("profile.a == 1u")
    assert tree("1.0 / profile.a > profile.b") != tree("-1.0 / profile.a > profile.b")
    assert Truth(BALANCE) != Has(BALANCE)


def test_another_atom_says_what_it_reads():
    atom = tree("profile.a > profile.b")
    assert isinstance(atom, Other)
    assert atom.reads == (("profile", "a"), ("profile", "b"))
