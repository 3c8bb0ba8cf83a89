"""What is told of an error that nobody caught."""

from __future__ import annotations

import json
from typing import Any

from emulators.workflows.running.failures import WorkflowError, failure
from emulators.workflows.running.values import shown


def payload(value: Any) -> str:
    """What was raised, as JSON."""
    return json.dumps(shown(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def context(error: WorkflowError) -> str:
    """Where it was raised, for people."""
    said = error.value.get("message") if isinstance(error.value, dict) else None
    lines = [str(said) if said is not None else f"RuntimeError: {payload(error.value)}"]
    lines += [f'in step "{each.step}", routine "{each.routine}", line: {each.place.line}' for each in error.frames]
    return "\n".join(lines)


def stack_trace(error: WorkflowError) -> dict[str, Any]:
    """The steps that were under way, the innermost first, with their places."""
    return {
        "elements": [
            {
                "step": each.step,
                "routine": each.routine,
                "position": {"line": str(each.place.line), "column": str(each.place.column), "length": "0"},
            }
            for each in error.frames
        ]
    }


def branch_error(errors: list[tuple[str, WorkflowError]]) -> WorkflowError:
    """What a parallel step raises where branches ended with errors."""
    branches = [
        {"id": name, "error": {"context": context(error), "payload": payload(error.value)}} for name, error in errors
    ]
    made = failure(
        "UnhandledBranchError",
        "One or more branches or iterations encountered an unhandled runtime error",
        branches=branches,
        truncated=False,
    )
    made.value["tags"] = ["UnhandledBranchError", "RuntimeError"]
    return made
