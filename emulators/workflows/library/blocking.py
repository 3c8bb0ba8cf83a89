"""The functions that wait for something outside: requests, sleep, callbacks, other executions; and the connectors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

from emulators.workflows.language.signatures import METHODS, SEVERITIES
from emulators.workflows.library import arguments as given
from emulators.workflows.library.requests import answered, request
from emulators.workflows.library.times import parse
from emulators.workflows.running.effects import Arrival, Now, Perform, Sleep, Together
from emulators.workflows.running.failures import WorkflowError, failure
from emulators.workflows.running.outside import Outside
from emulators.workflows.running.reporting import branch_error
from emulators.workflows.running.values import to_json, type_of

MOST_SECONDS = 365 * 24 * 3600.0
CALLBACK_SECONDS = 12 * 3600.0
_AT_ONCE = 20


async def call_outside(outside: Outside, function: str, arguments: Mapping[str, Any]) -> Any:
    """Call one of these functions.

    Raises:
        WorkflowError: it failed, or was given what it does not take.
    """
    module, _, name = function.partition(".")
    if module == "http":
        asked = request(outside, name.upper(), arguments)
        return answered(await Perform(partial(outside.send, asked)))
    if module == "sys":
        return await _system(outside, name, arguments)
    if module == "events":
        return await _event(outside, name, arguments)
    return await _execution(outside, name, arguments)


async def call_connector(outside: Outside, function: str, arguments: Mapping[str, Any]) -> Any:
    """Call a connector: what it gives is the body of the answer.

    Raises:
        WorkflowError: it failed, or there is none.
    """
    found = answered(await Perform(partial(outside.connect, function, dict(arguments))))
    return found["body"]


async def _system(outside: Outside, name: str, arguments: Mapping[str, Any]) -> Any:
    if name == "now":
        return await Now()
    if name == "get_env":
        known, wanted = outside.environment(), given.text("name", arguments["name"])
        if wanted in known:
            return known[wanted]
        if "default" in arguments:
            return arguments["default"]
        raise failure("KeyError", f"key not found: {wanted}")
    if name == "log":
        return _log(outside, arguments)
    now = await Now()
    until = _until(name, arguments, now)
    if until - now > MOST_SECONDS:
        raise failure("ValueError", "an execution sleeps a year at most")
    await Sleep(until)
    return None


def _until(name: str, arguments: Mapping[str, Any], now: float) -> float:
    """When a sleep ends."""
    if name == "sleep":
        seconds = given.number("seconds", arguments["seconds"])
        if seconds < 0:
            raise failure("ValueError", "seconds to sleep are not negative")
        return now + seconds
    time = arguments["time"]
    return parse(time) if isinstance(time, str) else given.number("time", time)


def _log(outside: Outside, arguments: Mapping[str, Any]) -> None:
    severity = str(arguments.get("severity", "DEFAULT")).upper()
    if severity not in SEVERITIES:
        raise failure("ValueError", f"{severity!r} is no severity; one of {', '.join(SEVERITIES)}")
    said = [arguments[name] for name in ("json", "text", "data") if arguments.get(name) is not None]
    if len(said) > 1:
        raise failure("ValueError", "sys.log takes one of data, json and text")
    if arguments.get("json") is not None:
        given.table("json", said[0])
    if said:
        to_json(said[0])
    outside.log(severity, said[0] if said else None)


async def _event(outside: Outside, name: str, arguments: Mapping[str, Any]) -> Any:
    if name == "create_callback_endpoint":
        method = given.text("http_callback_method", arguments["http_callback_method"]).upper()
        if method not in METHODS:
            raise failure("ValueError", f"{method!r} is no method of HTTP")
        return {"url": await Perform(partial(outside.create_callback, method))}
    callback = given.table("callback", arguments["callback"])
    seconds = given.number("timeout", arguments.get("timeout", CALLBACK_SECONDS))
    if "url" not in callback:
        raise failure("ValueError", "callback is what events.create_callback_endpoint gave")
    if not 0 <= seconds <= MOST_SECONDS:
        raise failure("ValueError", "timeout is between 0 and a year of seconds")
    found = await Arrival(str(callback["url"]), await Now() + seconds)
    if found is None:
        raise failure("TimeoutError", f"no callback came within {seconds:g} seconds")
    return found


async def _execution(outside: Outside, name: str, arguments: Mapping[str, Any]) -> Any:
    workflow = given.text("workflow_id", arguments["workflow_id"])
    if "/" not in workflow and ("location" in arguments or "project_id" in arguments):
        known = outside.environment()
        project = arguments.get("project_id") or known["GOOGLE_CLOUD_PROJECT_ID"]
        location = arguments.get("location") or known["GOOGLE_CLOUD_LOCATION"]
        workflow = f"projects/{project}/locations/{location}/workflows/{workflow}"
    if name == "run":
        return await _one(outside, workflow, arguments.get("argument"))
    listed = given.items("arguments", arguments["arguments"])
    ended = await Together([partial(_one, outside, workflow, each) for each in listed], _AT_ONCE)
    errors = [(str(number), each) for number, each in enumerate(ended) if isinstance(each, WorkflowError)]
    if errors:
        raise branch_error(errors)
    return ended


async def _one(outside: Outside, workflow: str, argument: Any) -> Any:
    """The result of another workflow's execution."""
    if type_of(argument) == "function":
        raise failure("TypeError", "a function is no argument of an execution")
    started = await Perform(partial(outside.start, workflow, json.loads(to_json(argument))))
    return await Perform(partial(outside.finished, started))
