"""The same APIs by gRPC, which the official client of executions speaks alone: each call is the request of REST."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import grpc
from google.cloud.workflows import executions_v1
from google.cloud.workflows_v1 import types as workflows_v1
from google.longrunning import operations_pb2
from google.protobuf import json_format
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from emulators.workflows.serving.api import Application
from emulators.workflows.serving.server import RefusedError

THREADS = 16
_SERVICES = {
    "workflows": "google.cloud.workflows.v1.Workflows",
    "executions": "google.cloud.workflows.executions.v1.Executions",
    "operations": "google.longrunning.Operations",
}


class _Call(NamedTuple):
    """A call: the message that it takes, the request of REST that it is, and the message that it gives."""

    taken: Any
    method: str
    path: Callable[[Any], str]
    body: str
    given: Any


_CALLS: dict[str, dict[str, _Call]] = {
    "workflows": {
        "ListWorkflows": _Call(
            workflows_v1.ListWorkflowsRequest,
            "GET",
            lambda asked: f"{asked.parent}/workflows",
            "",
            workflows_v1.ListWorkflowsResponse,
        ),
        "GetWorkflow": _Call(
            workflows_v1.GetWorkflowRequest, "GET", lambda asked: str(asked.name), "", workflows_v1.Workflow
        ),
        "CreateWorkflow": _Call(
            workflows_v1.CreateWorkflowRequest,
            "POST",
            lambda asked: f"{asked.parent}/workflows?workflowId={asked.workflow_id}",
            "workflow",
            operations_pb2.Operation,
        ),
        "UpdateWorkflow": _Call(
            workflows_v1.UpdateWorkflowRequest,
            "PATCH",
            lambda asked: f"{asked.workflow.name}?updateMask={','.join(asked.update_mask.paths)}",
            "workflow",
            operations_pb2.Operation,
        ),
        "DeleteWorkflow": _Call(
            workflows_v1.DeleteWorkflowRequest, "DELETE", lambda asked: str(asked.name), "", operations_pb2.Operation
        ),
    },
    "executions": {
        "ListExecutions": _Call(
            executions_v1.ListExecutionsRequest,
            "GET",
            lambda asked: (
                f"{asked.parent}/executions?pageSize={asked.page_size}&view={asked.view.name}"
                f"&pageToken={asked.page_token}"
            ),
            "",
            executions_v1.ListExecutionsResponse,
        ),
        "CreateExecution": _Call(
            executions_v1.CreateExecutionRequest,
            "POST",
            lambda asked: f"{asked.parent}/executions",
            "execution",
            executions_v1.Execution,
        ),
        "GetExecution": _Call(
            executions_v1.GetExecutionRequest, "GET", lambda asked: str(asked.name), "", executions_v1.Execution
        ),
        "CancelExecution": _Call(
            executions_v1.CancelExecutionRequest,
            "POST",
            lambda asked: f"{asked.name}:cancel",
            "",
            executions_v1.Execution,
        ),
    },
    "operations": {
        "GetOperation": _Call(
            operations_pb2.GetOperationRequest, "GET", lambda asked: str(asked.name), "", operations_pb2.Operation
        ),
    },
}


def serve(application: Application, port: int) -> grpc.Server:
    """A server that has started, on 127.0.0.1 at `port`."""
    server = grpc.server(ThreadPoolExecutor(THREADS, "workflows-grpc"))
    for service, calls in _CALLS.items():
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                _handler(application, call),
                request_deserializer=getattr(call.taken, "deserialize", None) or call.taken.FromString,
                response_serializer=_serialised,
            )
            for name, call in calls.items()
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICES[service], handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


def _handler(application: Application, call: _Call) -> Callable[[Any, grpc.ServicerContext], Any]:
    def handle(asked: Any, context: grpc.ServicerContext) -> Any:
        body = json.loads(type(asked).to_json(asked))[call.body] if call.body else None
        environ = EnvironBuilder(path=f"/v1/{call.path(asked)}", method=call.method, json=body).get_environ()
        try:
            answer = application.answer(Request(environ))
        except RefusedError as error:
            context.abort(grpc.StatusCode[error.status], error.message)
        return json_format.ParseDict(answer, _plain(call.given)(), ignore_unknown_fields=True)

    return handle


def _plain(kind: Any) -> Any:
    """The message of protobuf that a message of the client's library wraps."""
    return kind.pb() if hasattr(kind, "pb") else kind


def _serialised(message: Any) -> bytes:
    return bytes(message.SerializeToString())
