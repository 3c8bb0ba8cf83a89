"""What the grammar cannot say: that jumps lead somewhere, and that variables and functions are where they are used.

A loop, a branch and an except have variables of their own, which are not seen outside. A branch reads what is around
its parallel step, and assigns only to what that step shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields

from emulators.workflows.language.calls import Calls
from emulators.workflows.language.expressions import (
    Invocation,
    Member,
    Name,
    Node,
)
from emulators.workflows.language.problems import Place, Problem
from emulators.workflows.language.signatures import CONSTANTS, SIGNATURES, suggestion
from emulators.workflows.language.steps import (
    Action,
    Assign,
    Branch,
    Call,
    Constant,
    Definition,
    Evaluated,
    For,
    Nested,
    Parallel,
    Raise,
    Return,
    Step,
    Switch,
    Table,
    Target,
    Template,
    Try,
    Workflow,
)
from emulators.workflows.language.steps import (
    Sequence as Items,
)
from emulators.workflows.language.templates import base_of

MOST_NESTED_PARALLEL = 2


def check(definition: Definition, beside: Mapping[str, Workflow]) -> list[Problem]:
    """Everything that is wrong with a definition whose grammar is right, of which `beside` has further subworkflows."""
    found: list[Problem] = []
    workflows = {**beside, **definition.workflows}
    for workflow in definition.workflows.values():
        _Checker(workflows, found).workflow(workflow)
    return found


@dataclass(frozen=True)
class _Scope:
    """Variables that are seen at a place.

    Attributes:
        own: those of this scope.
        around: the scope around it.
        shared: for a branch, what it may assign to of what is around; None where all of it.
    """

    own: set[str]
    around: _Scope | None = None
    shared: frozenset[str] | None = None

    def sees(self, name: str) -> bool:
        return name in self.own or (self.around is not None and self.around.sees(name))

    def may_assign(self, name: str) -> bool:
        if name in self.own or self.around is None or not self.around.sees(name):
            return True
        return (self.shared is None or name in self.shared) and self.around.may_assign(name)

    def names(self) -> list[str]:
        return sorted({*self.own, *(self.around.names() if self.around else ())})


@dataclass(frozen=True)
class _Where:
    """What may be done at a place: which steps can be jumped to, and what surrounds it."""

    scope: _Scope
    reachable: frozenset[str] = frozenset()
    in_loop: bool = False
    parallel: int = 0
    names: frozenset[str] = field(default_factory=frozenset)


class _Checker:
    def __init__(self, workflows: Mapping[str, Workflow], found: list[Problem]) -> None:
        self._workflows = workflows
        self._found = found
        self._calls = Calls(workflows, found)

    def workflow(self, workflow: Workflow) -> None:
        scope = _Scope({*workflow.parameters, *_assigned(workflow.steps)})
        for default in workflow.parameters.values():
            if default is not None:
                self._template(default, scope)
        self._steps(workflow.steps, _Where(scope))

    def _wrong(self, place: Place, message: str, *, is_warning: bool = False) -> None:
        self._found.append(Problem(place, message, is_warning))

    def _steps(self, steps: Sequence[Step], where: _Where) -> None:
        names: set[str] = set()
        for step in steps:
            if step.name in names:
                self._wrong(step.place, f"two steps are called {step.name}: a jump leads to the first", is_warning=True)
            names.add(step.name)
        inside = _Where(where.scope, where.reachable | names, where.in_loop, where.parallel)
        for step in steps:
            self._step(step, inside)

    def _step(self, step: Step, where: _Where) -> None:
        if step.next is not None:
            self._jump(step.next, step.place, where)
        if step.action is not None:
            self._action(step.action, step, where)

    def _jump(self, to: str, place: Place, where: _Where) -> None:
        if to in ("break", "continue"):
            if not where.in_loop:
                self._wrong(place, f"{to} stands in no loop")
        elif to == "end":
            if where.parallel:
                self._wrong(place, "a branch cannot end the workflow")
        elif to not in where.reachable:
            hint = suggestion(to, sorted(where.reachable))
            self._wrong(place, f"there is no step {to} to go on with from here{hint}")

    def _action(self, action: Action, step: Step, where: _Where) -> None:
        scope = where.scope
        if isinstance(action, Assign | Call):
            self._assigning(action, scope)
        elif isinstance(action, Raise | Return):
            self._template(action.value, scope)
            if isinstance(action, Return) and where.parallel:
                self._wrong(step.place, "a branch cannot return: assign to a shared variable")
        elif isinstance(action, Nested):
            self._steps(action.steps, where)
        elif isinstance(action, Switch):
            for condition in action.conditions:
                self._template(condition.when, scope)
                self._step(condition.body, where)
        elif isinstance(action, For):
            self._loop(action, where)
        elif isinstance(action, Parallel):
            self._parallel(action, where)
        else:
            self._try(action, where)

    def _assigning(self, action: Assign | Call, scope: _Scope) -> None:
        if isinstance(action, Assign):
            for target, value, place in action.assignments:
                self._template(value, scope)
                self._target(target, place, scope)
            return
        for value in action.arguments.values():
            self._template(value, scope)
        self._calls.call(action)
        if action.result is not None:
            self._target(action.result, action.place, scope)

    def _loop(self, loop: For, where: _Where, shared: frozenset[str] | None = None) -> None:
        for each in (loop.items, *(loop.ends if isinstance(loop.ends, tuple) else (loop.ends,))):
            if each is not None:
                self._template(each, where.scope)
        own = {loop.value} | ({loop.index} if loop.index else set())
        scope = self._inner(own, loop.steps, where.scope, shared)
        parallel = where.parallel + (shared is not None)
        self._steps(loop.steps, _Where(scope, frozenset(), in_loop=True, parallel=parallel))

    @staticmethod
    def _inner(own: set[str], steps: Sequence[Step], around: _Scope, shared: frozenset[str] | None) -> _Scope:
        """The scope of a loop or branch: what is assigned there and not around is its own."""
        return _Scope(own | {name for name in _assigned(steps) if not around.sees(name)}, around, shared)

    def _parallel(self, parallel: Parallel, where: _Where) -> None:
        if where.parallel >= MOST_NESTED_PARALLEL:
            self._wrong(parallel.place, f"parallel steps are nested at most {MOST_NESTED_PARALLEL} deep")
        for name in parallel.shared:
            if not where.scope.sees(name):
                hint = suggestion(name, where.scope.names())
                self._wrong(parallel.place, f"{name} is shared, and no variable here{hint}")
        if parallel.limit is not None:
            self._template(parallel.limit, where.scope)
        shared = frozenset(parallel.shared)
        if parallel.loop is not None:
            self._loop(parallel.loop, where, shared)
        for branch in parallel.branches:
            self._branch(branch, where, shared)

    def _branch(self, branch: Branch, where: _Where, shared: frozenset[str]) -> None:
        scope = self._inner(set(), branch.steps, where.scope, shared)
        self._steps(branch.steps, _Where(scope, frozenset(), in_loop=False, parallel=where.parallel + 1))

    def _try(self, action: Try, where: _Where) -> None:
        self._steps(action.steps, where)
        retry = action.retry
        for each in (retry.policy, retry.predicate, retry.most, retry.backoff) if retry else ():
            if each is not None:
                self._template(each, where.scope)
        if action.handler is not None:
            scope = _Scope({action.error}, where.scope) if action.error else where.scope
            self._steps(action.handler, _Where(scope, where.reachable, where.in_loop, where.parallel))

    def _target(self, target: Target, place: Place, scope: _Scope) -> None:
        name = base_of(target)
        assert name is not None, "targets have a variable at their base"
        if not isinstance(target, Name):
            self._node(target, place, scope)
        if not scope.may_assign(name.name):
            self._wrong(
                place, f"{name.name} is a variable of around this branch: name it under `shared` to assign to it"
            )

    def _template(self, template: Template, scope: _Scope) -> None:
        if isinstance(template, Evaluated):
            self._node(template.node, template.place, scope)
        elif isinstance(template, Items):
            for each in template.items:
                self._template(each, scope)
        elif isinstance(template, Table):
            for pair in template.pairs:
                for each in pair:
                    self._template(each, scope)
        else:
            assert isinstance(template, Constant), "there is no other kind of value"

    def _node(self, node: Node, place: Place, scope: _Scope) -> None:
        at = Place(place.line, place.column + node.at)
        if isinstance(node, Name | Member) and (dotted := dotted_name(node)) is not None:
            base = dotted.partition(".")[0]
            if scope.sees(base) or dotted in CONSTANTS or dotted in SIGNATURES or dotted in self._workflows:
                return
            self._wrong(at, f"{base} is no variable here{suggestion(base, scope.names())}", is_warning=True)
            return
        if isinstance(node, Invocation):
            self._calls.invocation(node, at)
        for each in _children(node):
            self._node(each, place, scope)


def dotted_name(node: Node) -> str | None:
    """`a.b.c` of members of a name; None for anything else."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Member) and (base := dotted_name(node.base)) is not None:
        return f"{base}.{node.name}"
    return None


def _children(node: Node) -> tuple[Node, ...]:
    held = [getattr(node, each.name) for each in fields(node)]
    found = [part for each in held for part in (each if isinstance(each, tuple) else (each,))]
    nested = [part for each in found for part in (each if isinstance(each, tuple) else (each,))]
    return tuple(each for each in nested if isinstance(each, Node))


def _assigned(steps: Sequence[Step]) -> Iterator[str]:
    """The variables that steps assign to, without those in loops and branches within."""
    for step in steps:
        action = step.action
        if isinstance(action, Assign):
            yield from (name.name for target, _, _ in action.assignments if (name := base_of(target)))
        elif isinstance(action, Call) and action.result is not None and (name := base_of(action.result)):
            yield name.name
        elif isinstance(action, Switch):
            yield from _assigned([condition.body for condition in action.conditions])
        elif isinstance(action, Nested):
            yield from _assigned(action.steps)
        elif isinstance(action, Try):
            yield from _assigned(action.steps)
            yield from _assigned(action.handler or ())
