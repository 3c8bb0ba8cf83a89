"""The path that an execution took, drawn along its definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from emulators.workflows.language.steps import Call, Definition, For, Nested, Parallel, Step, Switch, Try

_DONE, _NOT = "●", "○"


def drawing(definition: Definition, taken: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines of text: each step with how often it was begun, those that were not, and what lies within them.

    Args:
        definition: what was executed.
        taken: routine and step of each step that was begun, in order.
    """
    counted = Counter(taken)
    for workflow in definition.workflows.values():
        yield f"{workflow.name}({', '.join(workflow.parameters)})"
        yield from _steps(workflow.name, workflow.steps, counted, "")


def _steps(routine: str, steps: tuple[Step, ...], counted: Counter[tuple[str, str]], lead: str) -> Iterator[str]:
    for number, step in enumerate(steps):
        is_last = number == len(steps) - 1
        times = counted[routine, step.name]
        mark = _DONE if times else _NOT
        often = f"  {times} times" if times > 1 else ""
        yield f"{lead}{'└' if is_last else '├'} {mark} {step.name}{_says(step)}{often}"
        below = lead + ("  " if is_last else "│ ")
        for title, inner in _within(step):
            if title:
                yield f"{below}  {title}"
            yield from _steps(routine, inner, counted, below)


def _says(step: Step) -> str:
    """What a step does, in a few words."""
    action = step.action
    if isinstance(action, Call):
        return f": {action.function}"
    words = {Switch: "switch", For: "for", Parallel: "parallel", Try: "try"}
    return f": {words[type(action)]}" if type(action) in words else ""


def _within(step: Step) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """The steps within a step, by what they are for."""
    action = step.action
    if isinstance(action, For | Nested):
        yield "", action.steps
    elif isinstance(action, Try):
        yield "", action.steps if action.steps[0].name else ()
        if action.handler:
            yield "except", action.handler
    elif isinstance(action, Parallel):
        if action.loop is not None:
            yield "", action.loop.steps
        for branch in action.branches:
            yield f"branch {branch.name}", branch.steps
    elif isinstance(action, Switch):
        for condition in action.conditions:
            if isinstance(condition.body.action, Nested):
                yield "", condition.body.action.steps
