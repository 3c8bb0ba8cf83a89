"""Connectors: each a request to one of Google's REST APIs, which here is an emulator's.

Secret Manager's emulator speaks gRPC alone, and is asked by the official client.
"""

from __future__ import annotations

import json
import re
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import yaml

from emulators.workflows.language.signatures import suggestion
from emulators.workflows.running.failures import failure
from emulators.workflows.running.outside import Answer, Request
from emulators.workflows.running.values import text, to_json

SECONDS = 1800.0
"""How long a connector may take, where it says nothing else."""

_FIRST_POLL_SECONDS, _POLL_FACTOR, _LONGEST_POLL_SECONDS = 0.05, 1.25, 2.0
_ARGUMENT = re.compile(r"\{(\+?)(\w+)\}")
_TABLE = Path(__file__).parent / "connectors.yaml"
_OWN = "connector_params"

Send = Callable[[Request], Answer]


class Connector(NamedTuple):
    """One connector.

    Attributes:
        service: whose API, such as `pubsub`.
        method: of HTTP.
        path: with arguments in braces.
        waits: what kind of operation is waited for, empty for none.
    """

    service: str
    method: str
    path: str
    waits: str = ""


@cache
def known() -> Mapping[str, Connector]:
    """Every connector by its name, without `googleapis.`."""
    found = {}
    for api, declared in yaml.safe_load(_TABLE.read_text(encoding="utf-8")).items():
        for name, said in declared.items():
            asked, waits = (said["request"], said["waits"]) if isinstance(said, dict) else (said, "")
            method, path = asked.split(" ", 1)
            found[f"{api}.{name}"] = Connector(api.partition(".")[0], method, path, waits)
    return found


def connect(name: str, arguments: Mapping[str, Any], addresses: Mapping[str, str], send: Send) -> Answer:
    """Call a connector, where its service has an address.

    Raises:
        WorkflowError: there is no such connector or service here, an argument is missing, or it failed.
    """
    short = name.removeprefix("googleapis.")
    connector = known().get(short)
    if connector is None:
        hint = suggestion(short, list(known()))
        raise failure("SystemError", f"there is no connector {name} on this machine{hint}")
    address = addresses.get(connector.service)
    if address is None:
        raise failure("SystemError", f"there is no {connector.service} on this machine for {name}")
    parameters = arguments.get(_OWN) or {}
    seconds = float(parameters.get("timeout", SECONDS))
    answer = send(_request(connector, name, arguments, address, seconds))
    if answer.status >= 400 or not connector.waits or parameters.get("skip_polling"):
        return answer
    return _polled(connector, json.loads(answer.body or b"{}"), arguments, address, seconds, send)


def _request(connector: Connector, name: str, arguments: Mapping[str, Any], address: str, seconds: float) -> Request:
    used = {"body", _OWN}

    def fill(found: re.Match[str]) -> str:
        argument = found[2]
        if arguments.get(argument) is None:
            raise failure("ValueError", f"{name} needs {argument}")
        used.add(argument)
        return quote(text(arguments[argument]), safe="/:()" if found[1] else "")

    path = _ARGUMENT.sub(fill, connector.path)
    query = [
        (key, text(each) if isinstance(each, str | int | float) else to_json(each))
        for key, value in arguments.items()
        if key not in used and value is not None
        for each in (value if isinstance(value, list) else [value])
    ]
    body = arguments.get("body")
    if body is None and connector.method in ("POST", "PUT", "PATCH"):
        body = {}
    return Request(
        method=connector.method,
        url=f"{address}{path}{'?' + urlencode(query) if query else ''}",
        headers={"Content-Type": "application/json", "Authorization": "Bearer owner"},
        body=None if body is None else to_json(body).encode(),
        timeout_seconds=min(seconds, SECONDS),
    )


def _polled(
    connector: Connector, begun: dict[str, Any], arguments: Mapping[str, Any], address: str, seconds: float, send: Send
) -> Answer:
    """The end of an operation, looked at again and again until it is there."""
    until, pause = time.monotonic() + seconds, _FIRST_POLL_SECONDS
    while True:
        is_job = connector.waits == "bigquery"
        done = begun.get("status", {}).get("state") == "DONE" if is_job else begun.get("done", False)
        if done:
            return _ended(begun, is_job=is_job)
        if time.monotonic() > until:
            raise failure("TimeoutError", f"the operation did not end within {seconds:g} seconds")
        time.sleep(pause)  # an API has no other way to say that an operation ended
        pause = min(pause * _POLL_FACTOR, _LONGEST_POLL_SECONDS)
        if is_job:
            job = begun["jobReference"]
            where = f"/bigquery/v2/projects/{arguments['projectId']}/jobs/{job['jobId']}"
        else:
            where = f"/{'v2' if connector.path.startswith('/v2') else 'v1'}/{begun['name']}"
        answer = send(Request("GET", f"{address}{where}", {"Authorization": "Bearer owner"}, None, SECONDS))
        if answer.status >= 400:
            return answer
        begun = json.loads(answer.body)


def _ended(ended: dict[str, Any], *, is_job: bool) -> Answer:
    error = ended.get("status", {}).get("errorResult") if is_job else ended.get("error")
    if error:
        raise failure("OperationError", str(error.get("message", "the operation failed")), operation=ended)
    found = ended if is_job else ended.get("response", ended)
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(found).encode())


def secret_manager(short: str, arguments: Mapping[str, Any], client: Any) -> Answer:
    """One of Secret Manager's connectors, by its name without `googleapis.secretmanager.v1.`.

    Raises:
        WorkflowError: there is no such connector, or it failed.
    """
    from google.api_core.exceptions import GoogleAPICallError  # noqa: PLC0415 - loads gRPC, which most need not

    try:
        found = _secret(short, arguments, client)
    except KeyError as error:
        raise failure("ValueError", f"secretmanager.v1.{short} needs {error.args[0]}") from None
    except GoogleAPICallError as error:
        said = f"HTTP server responded with error code {error.code}"
        raise failure("HttpError", said, code=int(error.code or 500), headers={}, body=error.message) from error
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(found).encode())


def _secret(short: str, arguments: Mapping[str, Any], client: Any) -> Any:
    if short in ("projects.secrets.versions.access", "projects.secrets.versions.accessString"):
        name = arguments.get("name") or (
            f"projects/{arguments['project_id']}/secrets/{arguments['secret_id']}"
            f"/versions/{arguments.get('version', 'latest')}"
        )
        payload = client.access_secret_version(request={"name": name}).payload.data
        if short.endswith("String"):
            return payload.decode()
        return {"name": name, "payload": {"data": b64encode(payload).decode()}}
    if short in ("projects.secrets.addVersion", "projects.secrets.addVersionString"):
        parent = arguments.get("parent") or f"projects/{arguments['project_id']}/secrets/{arguments['secret_id']}"
        data = (
            str(arguments["data"]).encode()
            if short.endswith("String")
            else b64decode(arguments["body"]["payload"]["data"])
        )
        return {"name": client.add_secret_version(request={"parent": parent, "payload": {"data": data}}).name}
    if short == "projects.secrets.create":
        secret: dict[str, Any] = {"replication": {"automatic": {}}}
        asked = {"parent": arguments["parent"], "secret_id": arguments["secretId"], "secret": secret}
        return {"name": client.create_secret(request=asked).name}
    raise failure("SystemError", f"there is no connector secretmanager.v1.{short} on this machine")
