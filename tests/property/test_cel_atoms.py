"""A condition's tree over atoms says what the condition says, whatever the person."""

from __future__ import annotations

from typing import Any

import msgspec
from cel_expr_python import cel

from shared.authoring.checked import ProgramError
from shared.authoring.programs import program_data
from shared.domain.cel import Failed, program
from shared.domain.cel.atoms import Among, Comparison, Has, Holds, Other, Truth, atoms, decompose, evaluate
from shared.domain.errors import InvalidError
from tests.property.cel_generator import VARIABLES, Generator
from tests.property.test_cel_against_google import bound

ENV = cel.NewEnv(variables=VARIABLES)
CONDITIONS = 600


def conditions(seed: int) -> Any:
    generator = Generator(seed)
    made = 0
    while made < CONDITIONS:
        text = generator.make("bool", generator.random.randint(1, 5))
        try:
            yield generator, text, program_data(ENV.compile(text).serialize())
        except (RuntimeError, ProgramError, InvalidError):
            continue
        made += 1


def test_the_tree_says_what_the_program_says():
    kinds = set()
    for generator, text, data in conditions(11):
        whole, tree = program(data), decompose(data)
        kinds |= {type(atom) for atom in atoms(tree)}
        for _ in range(3):
            variables = bound(generator.variables())
            got = evaluate(tree, lambda atom, variables=variables: program(atom.data).evaluate(variables))
            assert written(whole.evaluate(variables)) == written(got), text
    assert kinds == {Among, Comparison, Has, Holds, Other, Truth}


def written(outcome: Any) -> Any:
    """A value as text, which tells types apart and NaN from nothing; of an error only that it is one."""
    return Failed if isinstance(outcome, Failed) else repr(outcome)


def test_atoms_survive_their_data():
    for _, text, data in conditions(12):
        for atom in atoms(decompose(data)):
            again = decompose(msgspec.json.decode(msgspec.json.encode(atom.data)))
            assert again == atom, text
            assert hash(again) == hash(atom)


def test_data_survives_json():
    for _, text, data in conditions(13):
        encoded = msgspec.json.encode(data)
        assert msgspec.json.encode(msgspec.json.decode(encoded)) == encoded, text
        assert program(msgspec.json.decode(encoded)).reads == program(data).reads
