"""The machine: runs a definition's steps, one after the other, in turns with those of other branches."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, NamedTuple

from emulators.workflows.language.expressions import Name
from emulators.workflows.language.scopes import MOST_NESTED_PARALLEL
from emulators.workflows.language.signatures import CONNECTORS, POSITIONAL, SIGNATURES
from emulators.workflows.language.steps import (
    Action,
    Assign,
    Call,
    Definition,
    For,
    Nested,
    Parallel,
    Raise,
    Return,
    Step,
    Switch,
    Target,
    Try,
    Workflow,
)
from emulators.workflows.library.blocking import call_connector, call_outside
from emulators.workflows.library.functions import PLAIN, PYTHON
from emulators.workflows.running.effects import Perform, Together
from emulators.workflows.running.evaluating import Evaluator
from emulators.workflows.running.failures import Frame, WorkflowError, failure
from emulators.workflows.running.looping import rounds
from emulators.workflows.running.outside import Outside
from emulators.workflows.running.reporting import branch_error
from emulators.workflows.running.retrying import attempt
from emulators.workflows.running.standing import Standing
from emulators.workflows.running.values import is_number, truth, type_of
from emulators.workflows.running.variables import Memory, Variables

MOST_STEPS = 100_000
MOST_DEEP = 20
MOST_AT_ONCE = 20


class _Jump(NamedTuple):
    """That something else than the next step comes: a step by its name, `end`, `break` or `continue`."""

    to: str


class _Returned(NamedTuple):
    """That the workflow ended with a value."""

    value: Any


Flow = _Jump | _Returned | None
"""How it goes on after steps; None where nothing said so."""


class Machine:
    """Runs one execution."""

    def __init__(self, definition: Definition, outside: Outside) -> None:
        """Run `definition`, in a world."""
        self._workflows = definition.workflows
        self._outside = outside
        self._memory = Memory()
        self._evaluator = Evaluator(definition.workflows, self)
        self._steps = 0

    async def run(self, argument: Any) -> Any:
        """Run from the beginning of `main` to its end; what it returns.

        Raises:
            WorkflowError: what nobody caught.
        """
        main = self._workflows["main"]
        given = {} if not main.parameters else {next(iter(main.parameters)): argument}
        return await self._workflow(main, given, Standing("", Variables(self._memory), depth=-1))

    async def invoke(self, function: str, given: list[Any], at: Standing) -> Any:
        """Call a function with what it is given in order, from where the machine stands."""
        workflow, signature = self._workflows.get(function), SIGNATURES.get(function)
        names = tuple(workflow.parameters) if workflow else POSITIONAL.get(function, ())
        if workflow is None and signature is not None:
            names = signature.parameters
        if len(given) > len(names):
            raise failure("TypeError", f"{function} takes {len(names)} arguments, and not {len(given)}")
        return await self._call(function, dict(zip(names, given, strict=False)), at)

    async def _call(self, function: str, arguments: Mapping[str, Any], at: Standing) -> Any:
        workflow = self._workflows.get(function)
        if workflow is not None:
            return await self._workflow(workflow, arguments, at)
        if function.startswith(CONNECTORS):
            return await call_connector(self._outside, function, arguments)
        signature = SIGNATURES.get(function)
        if signature is None:
            raise failure("TypeError", f"there is no function {function}")
        unknown = [name for name in arguments if name not in signature.parameters]
        missing = signature.needed.difference(arguments)
        if unknown or missing:
            wrong = f"has no parameter {unknown[0]}" if unknown else f"needs {min(missing)}"
            raise failure("TypeError", f"{function} {wrong}")
        if signature.blocking or function.startswith("sys."):
            return await call_outside(self._outside, function, arguments)
        if function == "uuid.generate":
            return await Perform(PLAIN[function])  # an effect: it is not the same when it is done again
        return PLAIN[function](**{PYTHON.get(name, name): value for name, value in arguments.items()})

    async def _workflow(self, workflow: Workflow, given: Mapping[str, Any], at: Standing) -> Any:
        """Call a workflow from where the machine stands; what it returns."""
        inside = Standing(workflow.name, Variables(self._memory), at.depth + 1, at.parallel)
        if inside.depth > MOST_DEEP:
            raise failure("RecursionError", f"calls are at most {MOST_DEEP} deep")
        for name, default in workflow.parameters.items():
            if name in given:
                inside.variables.put(name, given[name])
            elif default is not None:
                inside.variables.put(name, await self._evaluator.value(default, inside))
            else:
                raise failure("TypeError", f"{workflow.name} needs {name}")
        try:
            flow = await self._run(workflow.steps, inside)
        finally:
            inside.variables.release()
        return flow.value if isinstance(flow, _Returned) else None

    async def _run(self, steps: tuple[Step, ...], place: Standing) -> Flow:
        """Run steps until none is left, or it goes on elsewhere."""
        at, names = 0, {step.name: number for number, step in reversed(list(enumerate(steps)))}
        while at < len(steps):
            flow = await self._step(steps[at], place)
            if isinstance(flow, _Returned):
                return flow
            if flow is None:
                at += 1
            elif flow.to == "end":
                return _Returned(None)
            elif flow.to in names:
                at = names[flow.to]
            else:
                return flow
        return None

    async def _step(self, step: Step, place: Standing) -> Flow:
        self._steps += 1
        if step.name:
            self._outside.step(place.routine, step.name, step.place.line)
        try:
            if self._steps > MOST_STEPS:
                raise failure("ResourceLimitError", f"an execution has at most {MOST_STEPS} steps")
            flow = await self._act(step.action, place) if step.action is not None else None
        except WorkflowError as error:
            if step.name:
                error.frames.append(Frame(step.name, place.routine, step.place))
            raise
        return flow if flow is not None or step.next is None else _Jump(step.next)

    async def _act(self, action: Action, place: Standing) -> Flow:
        flow: Flow = await self._by_kind[type(action)](self, action, place)
        return flow

    async def _assignments(self, assign: Assign, place: Standing) -> Flow:
        for target, template, _ in assign.assignments:
            await self._assign(target, await self._value(template, place), place)
        return None

    async def _called(self, call: Call, place: Standing) -> Flow:
        arguments = {name: await self._value(each, place) for name, each in call.arguments.items()}
        result = await self._call(call.function, arguments, place)
        if call.result is not None:
            await self._assign(call.result, result, place)
        return None

    async def _nested(self, nested: Nested, place: Standing) -> Flow:
        return await self._run(nested.steps, place)

    async def _raise(self, raised: Raise, place: Standing) -> Flow:
        value = await self._value(raised.value, place)
        if not isinstance(value, str | dict):
            raise failure("TypeError", f"what is raised is text or a map, and not of type {type_of(value)}")
        raise WorkflowError(value)

    async def _return(self, returned: Return, place: Standing) -> Flow:
        return _Returned(await self._value(returned.value, place))

    async def _value(self, template: Any, place: Standing) -> Any:
        return await self._evaluator.value(template, place)

    async def _assign(self, target: Target, value: Any, place: Standing) -> None:
        if isinstance(target, Name):
            place.variables.assign(target.name, value)
            return
        name, path = await self._evaluator.path(target, place)
        place.variables.change(name, path, value)

    async def _switch(self, switch: Switch, place: Standing) -> Flow:
        for condition in switch.conditions:
            if truth(await self._value(condition.when, place), "a condition"):
                body = condition.body
                flow = await self._act(body.action, place) if body.action is not None else None
                return flow if flow is not None or body.next is None else _Jump(body.next)
        return None

    async def _rounds(self, loop: For, place: Standing) -> list[Any]:
        ends = loop.ends
        if isinstance(ends, tuple):
            return rounds([await self._value(end, place) for end in ends], is_range=True)
        if ends is not None:
            return rounds(await self._value(ends, place), is_range=True)
        assert loop.items is not None, "a loop has items or ends"
        return rounds(await self._value(loop.items, place), is_range=False)

    async def _loop(self, loop: For, place: Standing) -> Flow:
        for number, item in enumerate(await self._rounds(loop, place)):
            flow = await self._round(loop, number, item, place, None)
            if isinstance(flow, _Returned):
                return flow
            if flow is not None and flow.to == "break":
                return None
        return None

    async def _round(self, loop: For, number: int, item: Any, place: Standing, shared: frozenset[str] | None) -> Flow:
        variables = place.variables.inner(shared)
        variables.put(loop.value, item)
        if loop.index:
            variables.put(loop.index, number)
        return await self._inside(loop.steps, place, variables)

    async def _branches(self, parallel: Parallel, place: Standing) -> Flow:
        if place.parallel >= MOST_NESTED_PARALLEL:
            raise failure("ParallelNestingError", f"parallel steps are nested at most {MOST_NESTED_PARALLEL} deep")
        limit = MOST_AT_ONCE
        if parallel.limit is not None:
            wanted = await self._value(parallel.limit, place)
            if not is_number(wanted) or wanted < 1:
                raise failure("TypeError", "a concurrency_limit is a positive integer")
            limit = min(limit, int(wanted))
        inside, shared = place._replace(parallel=place.parallel + 1), frozenset(parallel.shared)
        names: list[str] = []
        tasks: list[partial[Coroutine[Any, Any, Flow]]] = []
        if parallel.loop is not None:
            for number, item in enumerate(await self._rounds(parallel.loop, place)):
                names.append(str(number))
                tasks.append(partial(self._round, parallel.loop, number, item, inside, shared))
        for branch in parallel.branches:
            names.append(branch.name)
            tasks.append(partial(self._branch, branch.steps, inside, shared))
        ended = await Together(tasks, limit)
        errors = [(name, each) for name, each in zip(names, ended, strict=True) if isinstance(each, WorkflowError)]
        if errors:
            raise branch_error(errors)
        return None

    async def _branch(self, steps: tuple[Step, ...], place: Standing, shared: frozenset[str]) -> Flow:
        return await self._inside(steps, place, place.variables.inner(shared))

    async def _inside(self, steps: tuple[Step, ...], place: Standing, variables: Variables) -> Flow:
        """Run steps with variables of their own, which end with them."""
        try:
            return await self._run(steps, place._replace(variables=variables))
        finally:
            variables.release()

    async def _try(self, action: Try, place: Standing) -> Flow:
        try:
            if action.retry is None:
                return await self._run(action.steps, place)
            policy = action.retry
            parts = [
                None if each is None else await self._value(each, place)
                for each in (policy.policy, policy.predicate, policy.most, policy.backoff)
            ]
            return await attempt(parts, partial(self._run, action.steps, place), partial(self._ask, place))
        except WorkflowError as error:
            if action.handler is None:
                raise
            variables = place.variables.beside()
            if action.error:
                variables.put(action.error, error.value)
            return await self._inside(action.handler, place, variables)

    async def _ask(self, place: Standing, predicate: str, error: Any) -> bool:
        """Whether a predicate says that what was raised is worth another try."""
        return truth(await self.invoke(predicate, [error], place), f"what {predicate} returns")

    _by_kind: Mapping[type, Callable[..., Coroutine[Any, Any, Flow]]] = {
        Assign: _assignments,
        Call: _called,
        Switch: _switch,
        For: _loop,
        Parallel: _branches,
        Try: _try,
        Nested: _nested,
        Raise: _raise,
        Return: _return,
    }
