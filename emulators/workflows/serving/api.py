"""The HTTP side: the Workflows and the Workflow Executions REST APIs, v1, and the addresses of callbacks."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from werkzeug.wrappers import Request, Response

from emulators.workflows.serving.executions import Execution, time_text
from emulators.workflows.serving.server import Deployed, RefusedError, Server, invalid, missing

_PARENT = r"(?P<parent>projects/[^/]+/locations/[^/]+)"
_WORKFLOW = rf"(?P<workflow>{_PARENT}/workflows/[^/:]+)"
_EXECUTION = rf"(?P<execution>{_WORKFLOW}/executions/[^/:]+)"
_ID = re.compile(r"[A-Za-z](?:[-_A-Za-z0-9]{0,62}[A-Za-z0-9])?")
_MOST_PAGE = 1000
_FULL = "FULL"

Answer = Callable[..., dict[str, Any]]


class Application:
    """A WSGI application over a server."""

    def __init__(self, server: Server) -> None:
        """Answer for `server`."""
        self._server = server
        self._routes: list[tuple[str, re.Pattern[str], Answer]] = [
            (method, re.compile(pattern), answer)
            for method, pattern, answer in (
                ("GET", rf"{_PARENT}/workflows", self._list_workflows),
                ("POST", rf"{_PARENT}/workflows", self._create_workflow),
                ("GET", _WORKFLOW, self._get_workflow),
                ("PATCH", _WORKFLOW, self._patch_workflow),
                ("DELETE", _WORKFLOW, self._delete_workflow),
                ("POST", rf"{_WORKFLOW}:triggerPubsubExecution", self._trigger),
                ("GET", rf"(?P<operation>{_PARENT}/operations/[^/]+)", self._get_operation),
                ("GET", rf"{_WORKFLOW}/executions", self._list_executions),
                ("POST", rf"{_WORKFLOW}/executions", self._create_execution),
                ("GET", _EXECUTION, self._get_execution),
                ("POST", rf"{_EXECUTION}:cancel", self._cancel_execution),
                ("GET", rf"{_EXECUTION}/callbacks", self._list_callbacks),
                ("GET", rf"{_EXECUTION}/stepEntries", self._list_steps),
            )
        ]
        self._callback = re.compile(rf"{_EXECUTION}/callbacks/(?P<callback>[^/]+)")

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ)
        try:
            status, body = 200, self.answer(request)
        except RefusedError as error:
            status = error.code
            body = {"error": {"code": error.code, "message": error.message, "status": error.status}}
        response = Response(json.dumps(body), status=status, content_type="application/json")
        return response(environ, start_response)

    def answer(self, request: Request) -> dict[str, Any]:
        """What a request comes to.

        Raises:
            RefusedError: it cannot be done.
        """
        path = request.path.removeprefix("/")
        if path in ("health", "ready"):
            return {"status": "ready"}
        if not path.startswith(("v1/", "v1beta/")):
            raise missing(request.path)
        name = path.partition("/")[2]
        for method, pattern, answer in self._routes:
            found = pattern.fullmatch(name)
            if found is not None and method == request.method:
                return answer(request, **found.groupdict())
        called = self._callback.fullmatch(name)
        if called is not None:
            return self._call_back(request, called["execution"], called["callback"])
        if any(pattern.fullmatch(name) for _, pattern, _ in self._routes):
            raise RefusedError(405, "UNIMPLEMENTED", f"{request.method} is not answered here")
        raise missing(request.path)

    def _list_workflows(self, request: Request, parent: str) -> dict[str, Any]:
        found = self._server.workflows(parent)
        page, token = _page(request, found)
        return {"workflows": [_workflow(each, self._server) for each in page], **token}

    def _create_workflow(self, request: Request, parent: str) -> dict[str, Any]:
        body, name = _json(request), request.args.get("workflowId", "")
        if not _ID.fullmatch(name):
            raise invalid("workflowId is 1 to 64 letters, digits, - and _, a letter first")
        source = body.get("sourceContents")
        if not isinstance(source, str) or not source:
            raise invalid("sourceContents is missing")
        full = f"{parent}/workflows/{name}"
        deployed = self._server.deploy(full, source, body, replace=False)
        return self._server.operation(full, "create", _typed(deployed, self._server))

    def _get_workflow(self, _request: Request, workflow: str, parent: str) -> dict[str, Any]:
        del parent
        return _workflow(self._server.workflow(workflow), self._server)

    def _patch_workflow(self, request: Request, workflow: str, parent: str) -> dict[str, Any]:
        del parent
        body, before = _json(request), self._server.workflow(workflow)
        mask = [each for each in re.split(r"[, ]+", request.args.get("updateMask", "")) if each]
        named = {re.sub(r"_(\w)", lambda found: found[1].upper(), each) for each in mask} or set(body)
        source = body.get("sourceContents", "") if "sourceContents" in named else before.source
        if not source:
            raise invalid("sourceContents is empty")
        settings = {name: value for name, value in body.items() if name in named}
        deployed = self._server.deploy(workflow, source, settings, replace=True)
        return self._server.operation(workflow, "update", _typed(deployed, self._server))

    def _delete_workflow(self, _request: Request, workflow: str, parent: str) -> dict[str, Any]:
        del parent
        self._server.delete(workflow)
        return self._server.operation(workflow, "delete", {"@type": "type.googleapis.com/google.protobuf.Empty"})

    def _get_operation(self, _request: Request, operation: str, parent: str) -> dict[str, Any]:
        del parent
        return self._server.operation_of(operation)

    def _list_executions(self, request: Request, workflow: str, parent: str) -> dict[str, Any]:
        del parent
        found = self._server.executions(workflow)
        page, token = _page(request, found)
        is_full = request.args.get("view") == _FULL
        return {"executions": [_execution(each, full=is_full) for each in page], **token}

    def _create_execution(self, request: Request, workflow: str, parent: str) -> dict[str, Any]:
        del parent
        body = _json(request)
        argument = body.get("argument", "")
        if not isinstance(argument, str):
            raise invalid('argument is JSON as text, such as "{\\"audience\\": \\"web\\"}"')
        return _execution(self._server.start(workflow, argument, body.get("labels")), full=True)

    def _trigger(self, request: Request, workflow: str, parent: str) -> dict[str, Any]:
        """Begin an execution with a message of Pub/Sub as its argument, as an Eventarc trigger does."""
        del parent
        return _execution(self._server.start(workflow, json.dumps(_json(request))), full=True)

    def _get_execution(self, request: Request, execution: str, **_: str) -> dict[str, Any]:
        return _execution(self._server.execution(execution), full=request.args.get("view", _FULL) == _FULL)

    def _cancel_execution(self, _request: Request, execution: str, **_: str) -> dict[str, Any]:
        found = self._server.execution(execution)
        if found.state != "ACTIVE":
            raise RefusedError(400, "FAILED_PRECONDITION", f"{execution} is {found.state} already")
        found.cancel()
        found.wait(10)
        return _execution(found, full=True)

    def _list_callbacks(self, request: Request, execution: str, **_: str) -> dict[str, Any]:
        found = self._server.execution(execution)
        page, token = _page(request, list(found.callbacks.items()))
        shown = [
            {"name": f"{execution}/callbacks/{name}", "method": each.method, "url": each.url} for name, each in page
        ]
        return {"callbacks": shown, **token}

    def _list_steps(self, request: Request, execution: str, **_: str) -> dict[str, Any]:
        found = self._server.execution(execution)
        first = found.counted - len(found.steps) + 1
        entries = [
            {
                "name": f"{execution}/stepEntries/{number}",
                "entryId": str(number),
                "routine": each.routine,
                "step": each.step,
                "createTime": time_text(datetime.fromtimestamp(each.at, UTC)),
            }
            for number, each in enumerate(list(found.steps), first)
        ]
        page, token = _page(request, entries)
        return {"stepEntries": page, "totalSize": found.counted, **token}

    def _call_back(self, request: Request, execution: str, callback: str) -> dict[str, Any]:
        found = self._server.execution(execution)
        known = found.callbacks.get(callback)
        if known is None or found.state != "ACTIVE":
            raise missing(request.path)
        if request.method != known.method:
            raise RefusedError(405, "INVALID_ARGUMENT", f"this callback takes {known.method}")
        found.called(known, _received(request))
        return {}


def _received(request: Request) -> dict[str, Any]:
    """What came to a callback, as a workflow gets it."""
    raw = request.get_data()
    body: Any = None
    if raw and request.mimetype == "application/json":
        try:
            body = json.loads(raw)
        except ValueError:
            raise invalid("the body is no JSON") from None
    elif raw:
        body = raw.decode() if request.mimetype.startswith("text/") else b64encode(raw).decode()
    return {
        "http_request": {
            "body": body,
            "headers": {name: [value] for name, value in request.headers.items()},
            "method": request.method,
            "query": request.args.to_dict(flat=False),
            "url": request.path,
        },
        "received_time": time_text(datetime.now(UTC)),
        "type": "HTTP",
    }


def _json(request: Request) -> dict[str, Any]:
    raw = request.get_data()
    try:
        found = json.loads(raw) if raw else {}
    except (ValueError, RecursionError):
        raise invalid("the body is no JSON") from None
    if not isinstance(found, dict):
        raise invalid("the body is no object")
    return found


def _page(request: Request, found: list[Any]) -> tuple[list[Any], dict[str, str]]:
    """A page of a list, and the token of the next."""
    try:
        size = int(request.args.get("pageSize", "0")) or _MOST_PAGE
        start = int(request.args.get("pageToken") or "0")
    except ValueError:
        raise invalid("pageSize and pageToken are none") from None
    if size < 0 or start < 0:
        raise invalid("pageSize is negative")
    end = start + min(size, _MOST_PAGE)
    return found[start:end], {"nextPageToken": str(end)} if end < len(found) else {}


def _workflow(deployed: Deployed, server: Server) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "name": deployed.name,
        "description": deployed.description,
        "state": "ACTIVE",
        "revisionId": deployed.revision,
        "createTime": time_text(deployed.created),
        "updateTime": time_text(deployed.updated),
        "revisionCreateTime": time_text(deployed.updated),
        "labels": deployed.labels,
        "serviceAccount": f"projects/{server.places.project}/serviceAccounts/workflows@{server.places.project}"
        ".iam.gserviceaccount.com",
        "sourceContents": deployed.source,
    }
    if deployed.environment:
        shown["userEnvVars"] = deployed.environment
    return shown


def _typed(deployed: Deployed, server: Server) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.cloud.workflows.v1.Workflow", **_workflow(deployed, server)}


def _execution(execution: Execution, *, full: bool) -> dict[str, Any]:
    shown = execution.shown()
    if not full:
        for name in ("argument", "result", "error", "labels", "status"):
            shown.pop(name, None)
    return shown
