"""Reading a definition: the grammar of steps. Everything that is wrong is said at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from emulators.workflows.language.marked import Marked, load, text_of
from emulators.workflows.language.parts import IDENTIFIER, Parts
from emulators.workflows.language.problems import DefinitionError, Problem
from emulators.workflows.language.scopes import check
from emulators.workflows.language.steps import (
    Action,
    Assign,
    Branch,
    Call,
    Condition,
    Definition,
    For,
    Nested,
    Parallel,
    Raise,
    Retry,
    Return,
    Step,
    Switch,
    Template,
    Try,
    Workflow,
)
from emulators.workflows.language.templates import target, template

MOST_ASSIGNMENTS = 50
MOST_CONDITIONS = 50
MOST_BRANCHES = 10

_ACTIONS = ("assign", "call", "switch", "for", "parallel", "try", "raise", "return", "steps")
_BESIDE = {"call": {"args", "result"}, "try": {"retry", "except"}}


def read(source: str) -> Definition:
    """Read a definition.

    Raises:
        DefinitionError: with everything that is wrong with it.
    """
    definition = read_part(source)
    if "main" not in definition.workflows:
        place = next(iter(definition.workflows.values())).place
        raise DefinitionError([Problem(place, "has no workflow `main`")])
    return checked(definition)


def read_part(source: str) -> Definition:
    """Read a definition, or a part of one that has no `main`, by the grammar alone.

    Raises:
        DefinitionError: with everything that is wrong with its grammar.
    """
    root = load(source)
    reader = _Reader()
    definition = reader.definition(root, source)
    if any(not each.is_warning for each in reader.problems):
        raise DefinitionError(reader.problems)
    return replace(definition, warnings=tuple(reader.problems))


def checked(definition: Definition, beside: Mapping[str, Workflow] = MappingProxyType({})) -> Definition:
    """A definition with its warnings, of which `beside` has further subworkflows.

    Raises:
        DefinitionError: with everything that is wrong with it.
    """
    problems = [*definition.warnings, *check(definition, beside)]
    if any(not each.is_warning for each in problems):
        raise DefinitionError(problems)
    return replace(definition, warnings=tuple(sorted(set(problems))))


class _Reader(Parts):
    def definition(self, root: Marked, source: str) -> Definition:
        if root.kind == "list":
            main = Workflow("main", {}, self.steps(root), root.place)
            return Definition({"main": main}, source)
        if root.kind != "map":
            self.wrong(root, "a definition is a list of steps, or a map of workflows of which one is `main`")
            return Definition({}, source)
        if root.get("main") is None and not any(each.kind == "map" and each.get("steps") for _, each in root.pairs):
            self.wrong(root, "is no definition of workflows: none of its entries has steps")
            return Definition({}, source)
        workflows = {str(key.value): self.workflow(str(key.value), key, value) for key, value in root.pairs}
        if "main" in workflows and len(workflows["main"].parameters) > 1:
            self.wrong(root, "`main` has one parameter at most: the argument, whole")
        return Definition(workflows, source)

    def workflow(self, name: str, key: Marked, body: Marked) -> Workflow:
        if not IDENTIFIER.fullmatch(name):
            self.wrong(key, f"{name!r} is no name of a workflow: letters, digits and `_`, no digit first")
        if body.kind == "list":
            return Workflow(name, {}, self.steps(body), key.place)
        parts = self.parts(body, f"workflow {name}", {"params", "steps"})
        parameters: dict[str, Template | None] = {}
        for each in self.listed(parts.get("params"), "params"):
            self.parameter(each, parameters)
        steps = parts.get("steps")
        if steps is None:
            self.wrong(key, f"workflow {name} has no steps")
        return Workflow(name, parameters, self.steps(steps) if steps else (), key.place)

    def parameter(self, marked: Marked, parameters: dict[str, Template | None]) -> None:
        pairs = marked.pairs if marked.kind == "map" else []
        key, default = pairs[0] if len(pairs) == 1 else (marked, None)
        if key.kind != "scalar" or not IDENTIFIER.fullmatch(text_of(key.value)):
            self.wrong(marked, "a parameter is a name, or a name with its default")
        elif key.value in parameters:
            self.wrong(key, f"the parameter {key.value} stands there twice")
        else:
            parameters[key.value] = template(default, self.problems) if default else None

    def steps(self, marked: Marked) -> tuple[Step, ...]:
        if marked.kind != "list":
            self.wrong(marked, "steps are a list")
            return ()
        if not marked.items:
            self.wrong(marked, "there is no step")
        steps = []
        for each in marked.items:
            if each.kind != "map" or len(each.pairs) != 1:
                self.wrong(each, "a step is a map of one entry: its name, and what it does")
                continue
            [(key, body)] = each.pairs
            steps.append(self.step(text_of(key.value), key, body))
        return tuple(steps)

    def step(self, name: str, key: Marked, body: Marked, *, also: frozenset[str] = frozenset()) -> Step:
        if body.kind != "map":
            self.wrong(
                key, f"step {name} says nothing to do: expected a map with one of {', '.join(_ACTIONS)}, or next"
            )
            return Step(name, None, None, key.place)
        found = [each for each in _ACTIONS if body.get(each) is not None]
        if len(found) > 1:
            self.wrong(key, f"step {name} does several things: {', '.join(found)}; make each a step")
        if not found and body.get("next") is None:
            self.wrong(key, f"step {name} does nothing: expected one of {', '.join(_ACTIONS)}, or next")
        verb = found[0] if found else ""
        parts = self.parts(body, f"step {name}", {verb, "next", *_BESIDE.get(verb, ()), *also} - {""}, of=found)
        action = self._readers[verb](self, name, parts) if found else None
        return Step(name, action, self.name(parts.get("next"), "next"), key.place)

    def assign(self, _name: str, parts: dict[str, Marked]) -> Action:
        listed = parts["assign"]
        found = []
        for each in self.listed(listed, "assign"):
            if each.kind != "map" or len(each.pairs) != 1:
                self.wrong(each, "an assignment is a map of one entry: a variable, and its value")
                continue
            [(key, value)] = each.pairs
            to = target(key, self.problems)
            value_template = self.template(value)
            if to is not None:
                found.append((to, value_template, key.place))
        if listed.kind == "list" and not listed.items:
            self.wrong(listed, "nothing is assigned")
        if len(found) > MOST_ASSIGNMENTS:
            self.wrong(listed, f"a step has at most {MOST_ASSIGNMENTS} assignments")
        return Assign(tuple(found))

    def call(self, _name: str, parts: dict[str, Marked]) -> Action:
        function = self.name(parts["call"], "call") or ""
        arguments = {}
        given = parts.get("args")
        if given is not None and given.kind != "map" and given.value is not None:
            self.wrong(given, "args are a map: each by its name")
        elif given is not None and given.kind == "map":
            arguments = {text_of(key.value): self.template(value) for key, value in given.pairs}
        result = target(parts["result"], self.problems) if "result" in parts else None
        return Call(function, arguments, result, parts["call"].place)

    def switch(self, name: str, parts: dict[str, Marked]) -> Action:
        conditions = []
        for each in self.listed(parts["switch"], "switch"):
            when = each.get("condition") if each.kind == "map" else None
            if when is None:
                self.wrong(each, "each entry of a switch has a condition")
                continue
            body = self.step(name, each, each, also=frozenset({"condition"}))
            conditions.append(Condition(self.template(when), body))
        if len(conditions) > MOST_CONDITIONS:
            self.wrong(parts["switch"], f"a switch has at most {MOST_CONDITIONS} conditions")
        return Switch(tuple(conditions))

    def loop(self, name: str, parts: dict[str, Marked]) -> For:
        body = parts["for"]
        inner = self.parts(body, f"the loop of step {name}", {"value", "index", "in", "range", "steps"})
        for needed in ("value", "steps"):
            if inner and needed not in inner:
                self.wrong(body, f"a loop has a {needed}" if needed == "value" else "a loop has steps")
        if inner and ("in" in inner) == ("range" in inner):
            self.wrong(body, "a loop runs either `in` a list, or over a `range`")
        return For(
            value=self.variable(inner.get("value"), "value") or "",
            index=self.variable(inner.get("index"), "index"),
            items=self.optional(inner.get("in")),
            ends=self.ends(inner["range"]) if "range" in inner else None,
            steps=self.steps(inner["steps"]) if "steps" in inner else (),
            place=body.place,
        )

    def ends(self, marked: Marked) -> tuple[Template, Template] | Template:
        if marked.kind == "list" and len(marked.items) == 2:
            first, last = marked.items
            return self.template(first), self.template(last)
        if marked.kind != "scalar":
            self.wrong(marked, "a range is a list of two numbers, its ends")
        return self.template(marked)

    def parallel(self, name: str, parts: dict[str, Marked]) -> Action:
        body = parts["parallel"]
        known = {"branches", "for", "shared", "concurrency_limit", "exception_policy"}
        inner = self.parts(body, f"the parallel step {name}", known)
        if inner and ("branches" in inner) == ("for" in inner):
            self.wrong(body, "a parallel step has either branches or a loop")
        policy = inner.get("exception_policy")
        if policy is not None and policy.value != "continueAll":
            self.wrong(policy, "the only exception_policy is continueAll")
        branches = []
        for each in self.listed(inner.get("branches"), "branches"):
            if each.kind != "map" or len(each.pairs) != 1:
                self.wrong(each, "a branch is a map of one entry: its name, and its steps")
                continue
            [(key, value)] = each.pairs
            found = self.parts(value, f"branch {key.value}", {"steps"}).get("steps") if value.kind == "map" else value
            if found is None:
                self.wrong(key, f"branch {key.value} has no steps")
            branches.append(Branch(text_of(key.value), self.steps(found) if found else (), key.place))
        if len(branches) > MOST_BRANCHES:
            self.wrong(body, f"a parallel step has at most {MOST_BRANCHES} branches")
        shared = [self.variable(each, "shared") or "" for each in self.listed(inner.get("shared"), "shared")]
        return Parallel(
            branches=tuple(branches),
            loop=self.loop(name, inner) if "for" in inner else None,
            shared=tuple(shared),
            limit=self.optional(inner.get("concurrency_limit")),
            place=body.place,
        )

    def attempt(self, name: str, parts: dict[str, Marked]) -> Action:
        body = parts["try"]
        if body.kind == "list":
            self.wrong(body, "try holds a call, or `steps`")
            steps: tuple[Step, ...] = ()
        else:
            tried = self.step(name, body, body)
            steps = (
                tried.action.steps
                if isinstance(tried.action, Nested) and tried.next is None
                else (replace(tried, name=""),)
            )
        if "retry" not in parts and "except" not in parts:
            self.wrong(body, "a try has a retry, an except, or both")
        error, handler = None, None
        if "except" in parts:
            inner = self.parts(parts["except"], f"the except of step {name}", {"as", "steps"})
            error = self.variable(inner.get("as"), "as")
            if "steps" not in inner:
                self.wrong(parts["except"], "an except has steps")
            handler = self.steps(inner["steps"]) if "steps" in inner else ()
        return Try(steps, self.retry(name, parts["retry"]) if "retry" in parts else None, error, handler)

    def retry(self, name: str, marked: Marked) -> Retry:
        if marked.kind != "map":
            return Retry(self.template(marked), None, None, None)
        inner = self.parts(marked, f"the retry of step {name}", {"predicate", "max_retries", "backoff"})
        for needed in ("predicate", "max_retries", "backoff"):
            if inner and needed not in inner:
                self.wrong(marked, f"a retry has a {needed}, or names a policy such as ${{http.default_retry}}")
        if "backoff" in inner and inner["backoff"].kind == "map":
            self.parts(inner["backoff"], "backoff", {"initial_delay", "max_delay", "multiplier"})
        return Retry(
            None,
            self.optional(inner.get("predicate")),
            self.optional(inner.get("max_retries")),
            self.optional(inner.get("backoff")),
        )

    _readers: dict[str, Callable[[_Reader, str, dict[str, Marked]], Action]] = {  # noqa: RUF012 - what each word reads
        "assign": assign,
        "call": call,
        "switch": switch,
        "for": loop,
        "parallel": parallel,
        "try": attempt,
        "raise": lambda self, _name, parts: Raise(self.template(parts["raise"])),
        "return": lambda self, _name, parts: Return(self.template(parts["return"])),
        "steps": lambda self, _name, parts: Nested(self.steps(parts["steps"])),
    }
