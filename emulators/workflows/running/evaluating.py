"""Expressions and values, evaluated."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, NamedTuple, Protocol

from emulators.workflows.language.expressions import (
    Binary,
    Index,
    Invocation,
    Listed,
    Literal,
    Mapped,
    Member,
    Name,
    Node,
    Unary,
)
from emulators.workflows.language.scopes import dotted_name
from emulators.workflows.language.signatures import CONSTANTS, SIGNATURES
from emulators.workflows.language.steps import Constant, Evaluated, Sequence, Table, Template, Workflow
from emulators.workflows.language.templates import base_of
from emulators.workflows.running.failures import failure
from emulators.workflows.running.standing import Standing
from emulators.workflows.running.values import OPERATORS, checked, is_number, key_of, member, truth, type_of
from emulators.workflows.running.variables import Variables


class Function(NamedTuple):
    """A function as a value, as predicates of retries are."""

    name: str


DEFAULT_BACKOFF: Mapping[str, Any] = {"initial_delay": 1.0, "max_delay": 60.0, "multiplier": 1.25}
_POLICIES = {
    "http.default_retry": "http.default_retry_predicate",
    "http.default_retry_non_idempotent": "http.default_retry_predicate_non_idempotent",
}


class Calling(Protocol):
    """Calls functions by name, with what they are given in order."""

    def invoke(self, function: str, given: list[Any], at: Standing) -> Awaitable[Any]:
        """Call one."""


class Evaluator:
    """Evaluates for one definition."""

    def __init__(self, workflows: Mapping[str, Workflow], calling: Calling) -> None:
        """Know subworkflows by name, and call functions by `calling`."""
        self._workflows = workflows
        self._calling = calling

    async def value(self, template: Template, at: Standing) -> Any:
        """A value with its expressions evaluated.

        Raises:
            WorkflowError: an expression failed.
        """
        if isinstance(template, Constant):
            return template.value
        if isinstance(template, Evaluated):
            return await self.node(template.node, at)
        if isinstance(template, Sequence):
            return [await self.value(each, at) for each in template.items]
        assert isinstance(template, Table), "there is no other kind of value"
        found = {}
        for key, each in template.pairs:
            name = key_of(await self.value(key, at))
            found[name] = await self.value(each, at)
        return found

    async def node(self, node: Node, at: Standing) -> Any:
        """An expression's value."""
        return await self._by_kind[type(node)](self, node, at)

    async def _literal(self, node: Literal, _at: Standing) -> Any:
        return checked(node.value)

    async def _name(self, node: Name, at: Standing) -> Any:
        known = self._known(node, at.variables)
        return at.variables.get(node.name) if known is None else known

    async def _member(self, node: Member, at: Standing) -> Any:
        known = self._known(node, at.variables)
        return member(await self.node(node.base, at), node.name) if known is None else known

    async def _index(self, node: Index, at: Standing) -> Any:
        base = await self.node(node.base, at)
        return member(base, await self.node(node.index, at))

    async def _invocation(self, node: Invocation, at: Standing) -> Any:
        given = [await self.node(each, at) for each in node.arguments]
        return await self._calling.invoke(node.function, given, at)

    async def _unary(self, node: Unary, at: Standing) -> Any:
        value = await self.node(node.operand, at)
        if node.operator == "not":
            return not truth(value, "what stands behind `not`")
        if not is_number(value):
            raise failure("TypeError", f"-{type_of(value)} means nothing")
        return checked(-value)

    async def _binary(self, node: Binary, at: Standing) -> Any:
        left = await self.node(node.left, at)
        if node.operator in ("and", "or"):
            decided = truth(left, f"what stands before `{node.operator}`")
            if decided is (node.operator == "or"):
                return decided
            return truth(await self.node(node.right, at), f"what stands behind `{node.operator}`")
        return OPERATORS[node.operator](left, await self.node(node.right, at))

    async def _listed(self, node: Listed, at: Standing) -> Any:
        return [await self.node(each, at) for each in node.items]

    async def _mapped(self, node: Mapped, at: Standing) -> Any:
        found = {}
        for key, each in node.pairs:
            found[key_of(await self.node(key, at))] = await self.node(each, at)
        return found

    _by_kind: Mapping[type, Callable[..., Coroutine[Any, Any, Any]]] = {
        Literal: _literal,
        Name: _name,
        Member: _member,
        Index: _index,
        Invocation: _invocation,
        Unary: _unary,
        Binary: _binary,
        Listed: _listed,
        Mapped: _mapped,
    }

    async def path(self, target: Name | Member | Index, at: Standing) -> tuple[str, list[Any]]:
        """What is assigned to: a variable, and the keys that lead to its member."""
        keys: list[Any] = []
        node: Node = target
        while not isinstance(node, Name):
            assert isinstance(node, Member | Index), "targets are members of variables"
            keys.append(node.name if isinstance(node, Member) else await self.node(node.index, at))
            node = node.base
        return node.name, keys[::-1]

    def _known(self, node: Name | Member, variables: Variables) -> Any:
        """A function or policy that goes by a name which no variable has; None where it is none."""
        base = base_of(node)
        dotted = dotted_name(node)
        if base is None or dotted is None or variables.sees(base.name):
            return None
        if dotted in CONSTANTS:
            return _constant(dotted)
        return Function(dotted) if dotted in SIGNATURES or dotted in self._workflows else None


def _constant(name: str) -> Any:
    if name == "retry.default_backoff":
        return dict(DEFAULT_BACKOFF)
    return {"predicate": Function(_POLICIES[name]), "max_retries": 5, "backoff": dict(DEFAULT_BACKOFF)}
