"""Trying again what failed, as a policy says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from emulators.workflows.running.effects import Now, Sleep
from emulators.workflows.running.evaluating import DEFAULT_BACKOFF, Function
from emulators.workflows.running.failures import WorkflowError, failure
from emulators.workflows.running.values import is_number

MOST_RETRIES = 5
"""Where a policy says nothing else."""

T = TypeVar("T")


async def attempt(parts: list[Any], run: Callable[[], Awaitable[T]], ask: Callable[[str, Any], Awaitable[bool]]) -> T:
    """Run, and again while it fails, the predicate says so and tries are left.

    Args:
        parts: a policy, or else its predicate, its most retries and its backoff; what is not said is None.
        run: what may fail.
        ask: asks a predicate by name of what was raised.

    Raises:
        WorkflowError: what was raised last; or the policy is none.
    """
    whole, predicate, most, backoff = parts
    if whole is not None:
        if not isinstance(whole, dict):
            raise failure("TypeError", "a retry is a policy such as http.default_retry, or a map of its parts")
        predicate, most, backoff = whole.get("predicate"), whole.get("max_retries"), whole.get("backoff")
    if not isinstance(predicate, Function):
        raise failure("TypeError", "a predicate of a retry is a function or a subworkflow")
    left = _number("max_retries", MOST_RETRIES if most is None else most)
    pace = {**DEFAULT_BACKOFF, **(backoff if isinstance(backoff, dict) else {})}
    delay, longest, multiplier = (_number(name, pace[name]) for name in ("initial_delay", "max_delay", "multiplier"))
    while True:
        try:
            return await run()
        except WorkflowError as error:
            if left < 1 or not await ask(predicate.name, error.value):
                raise
        left -= 1
        await Sleep(await Now() + min(delay, longest))
        delay = min(delay * multiplier, longest)


def _number(name: str, value: Any) -> float:
    if not is_number(value) or value < 0:
        raise failure("TypeError", f"{name} of a retry is a number, and not negative")
    return float(value)
