"""Calls of functions and subworkflows: that there is such a one, and that it is given what it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from emulators.workflows.language.expressions import Invocation
from emulators.workflows.language.problems import Place, Problem
from emulators.workflows.language.signatures import (
    AUTHENTICATION,
    CONNECTORS,
    POSITIONAL,
    SIGNATURES,
    WORDS,
    Signature,
    suggestion,
)
from emulators.workflows.language.steps import Call, Constant, Workflow


class Calls:
    """Checks calls against the standard library and workflows by name."""

    def __init__(self, workflows: Mapping[str, Workflow], found: list[Problem]) -> None:
        self._workflows = workflows
        self._found = found

    def call(self, call: Call) -> None:
        """Check a call step."""
        if call.function.startswith(CONNECTORS):
            return
        signature = self._signature(call.function)
        if signature is None:
            self._unknown(call.function, call.place)
            return
        self._given(call.function, signature, call.arguments, call.place)
        for name, words in WORDS.get(call.function, {}).items():
            said = call.arguments.get(name)
            if isinstance(said, Constant) and str(said.value).upper() not in words:
                self._found.append(Problem(said.place, f"{name} {said.value!r} is none of {', '.join(words)}"))
        auth = call.arguments.get("auth")
        if isinstance(auth, Constant) and isinstance(auth.value, dict) and auth.value.get("type") not in AUTHENTICATION:
            self._found.append(Problem(auth.place, f"the type of auth is one of {', '.join(AUTHENTICATION)}"))

    def invocation(self, node: Invocation, place: Place) -> None:
        """Check a call in an expression."""
        signature = self._signature(node.function)
        if signature is None and node.function.startswith(CONNECTORS):
            if node.function not in POSITIONAL:
                self._found.append(Problem(place, f"{node.function} is called by a step, not in an expression"))
            return
        if signature is None:
            self._unknown(node.function, place)
            return
        if signature.blocking:
            self._found.append(Problem(place, f"{node.function} is called by a step, not in an expression"))
        if len(node.arguments) > len(signature.parameters):
            most = len(signature.parameters)
            self._found.append(Problem(place, f"{node.function} takes {most} arguments, and not {len(node.arguments)}"))
        self._given(node.function, signature, signature.parameters[: len(node.arguments)], place)

    def _signature(self, function: str) -> Signature | None:
        workflow = self._workflows.get(function)
        if workflow is not None:
            needed = frozenset(name for name, default in workflow.parameters.items() if default is None)
            return Signature(tuple(workflow.parameters), needed, blocking=False)
        return SIGNATURES.get(function)

    def _unknown(self, function: str, place: Place) -> None:
        hint = suggestion(function, [*SIGNATURES, *self._workflows])
        self._found.append(Problem(place, f"there is no function or subworkflow {function}{hint}"))

    def _given(self, function: str, signature: Signature, given: Iterable[str], place: Place) -> None:
        names = list(given)
        for name in names:
            if name not in signature.parameters and function != "sys.log":
                hint = suggestion(name, list(signature.parameters))
                self._found.append(Problem(place, f"{function} has no parameter {name}{hint}"))
        for name in sorted(signature.needed.difference(names)):
            self._found.append(Problem(place, f"{function} needs {name}"))
