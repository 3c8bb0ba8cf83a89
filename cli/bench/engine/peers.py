"""What else evaluates rules in Python: each peer answers for all actions of the same catalogue, as fast as it can.

A condition that reads what a person lacks lets nothing through, with us as with them. The peers that take an absent
value for an error are given the question whether it is there before each comparison, which is faster for them than the
error; Google's library says what is an error, and takes the conditions as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Answer = Callable[[Mapping[str, Any]], list[bool]]
"""Given a person's attributes, whether each action's conditions hold."""

_READ = re.compile(r"(!?)profile\.([a-z_0-9]+)(?: (>=|<|in) (\[[^]]*\]|[0-9.]+))?")


def zen_engine(actions: Sequence[Sequence[str]], attributes: Sequence[str]) -> Answer:
    """GoRules' engine: one compiled expression that gives a list, which is quicker for it than one each."""
    import zen  # type: ignore[import-not-found,unused-ignore]  # a peer, without types

    def part(match: re.Match[str]) -> str:
        negated, name, operator, operand = match.groups()
        asked = f"{name} {operator} {operand}" if operator else f"{name} == {'false' if negated else 'true'}"
        return f"({name} != null and {asked})"

    text = ", ".join(" and ".join(_alternative(part, when, "or") for when in own) for own in actions)
    compiled = zen.compile_expression(f"[{text}]")
    absent = dict.fromkeys(attributes)
    return lambda person: list(compiled.evaluate({**absent, **person}))


def common_expression_language(actions: Sequence[Sequence[str]], _attributes: Sequence[str]) -> Answer:
    """CEL in Rust: an expression an action, over one context a person."""
    import cel  # type: ignore[import-not-found,unused-ignore]

    def part(match: re.Match[str]) -> str:
        return f"(has(profile.{match[2]}) && {match[0]})"

    compiled = [cel.compile(" && ".join(_alternative(part, when, "||") for when in own)) for own in actions]

    def answer(person: Mapping[str, Any]) -> list[bool]:
        context = cel.Context()
        context.add_variable("profile", dict(person))
        return [program.execute(context) for program in compiled]

    return answer


def cel_expr_python(actions: Sequence[Sequence[str]], _attributes: Sequence[str]) -> Answer:
    """Google's CEL: an expression an action, over one activation a person."""
    from cel_expr_python import cel

    environment = cel.NewEnv(variables={"profile": cel.Type.Map(cel.Type.STRING, cel.Type.DYN)})
    compiled = [environment.compile(" && ".join(f"({when})" for when in own)) for own in actions]

    def answer(person: Mapping[str, Any]) -> list[bool]:
        activation = environment.Activation({"profile": dict(person)})
        results = [expression.eval(activation) for expression in compiled]
        return [result.type() == cel.Type.BOOL and bool(result.value()) for result in results]

    return answer


def _alternative(part: Callable[[re.Match[str]], str], when: str, word: str) -> str:
    return "(" + f" {word} ".join(_READ.sub(part, side) for side in when.split(" || ")) + ")"


PEERS: dict[str, Callable[[Sequence[Sequence[str]], Sequence[str]], Answer]] = {
    "zen-engine": zen_engine,
    "common-expression-language": common_expression_language,
    "cel-expr-python": cel_expr_python,
}
"""By the name of the package."""
