"""The world of an execution on this machine: requests by HTTP, connectors by emulators, workflows by the server."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from emulators.workflows.library.connecting import connect, secret_manager
from emulators.workflows.running.failures import failure
from emulators.workflows.running.outside import Answer, Request
from emulators.workflows.serving.executions import Callback, Execution, new_id
from emulators.workflows.serving.places import Places

_log = logging.getLogger("workflows")
_SECRETS = "googleapis.secretmanager.v1."


class World:
    """The port `Outside` of one execution."""

    def __init__(
        self,
        execution: Execution,
        places: Places,
        address: str,
        client: httpx.Client,
        start: Callable[[str, Any], Execution],
        known: Callable[[str], Execution],
    ) -> None:
        """Serve `execution` by `client`; callbacks are at `address`, other workflows are begun by `start` and found by
        `known`.
        """
        self._execution = execution
        self._places = places
        self._address = address
        self._start = start
        self._known = known
        self._client = client
        self._secrets: Any = None

    def send(self, request: Request) -> Answer:
        """Send a request."""
        try:
            answer = self._client.request(
                request.method,
                request.url,
                headers=dict(request.headers),
                content=request.body,
                timeout=request.timeout_seconds,
            )
        except httpx.ConnectTimeout as error:
            raise failure("ConnectionFailedError", f"{request.url}: {error}") from None
        except httpx.TimeoutException:
            raise failure("TimeoutError", f"{request.url} did not answer in time") from None
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise failure("ConnectionFailedError", f"{request.url}: {error}") from None
        except httpx.HTTPError as error:
            raise failure("ConnectionError", f"{request.url}: {error}") from None
        headers = {_spelt(name): value for name, value in answer.headers.items()}
        return Answer(answer.status_code, headers, answer.content)

    def token(self, kind: str, audience: str) -> str:
        """A token that is let in here."""
        return self._places.token(kind, audience)

    def connect(self, connector: str, arguments: Mapping[str, Any]) -> Answer:
        """Call a connector."""
        if connector == "googleapis.workflowexecutions.v1.projects.locations.workflows.executions.run":
            return self._run(arguments)
        if connector == f"{_SECRETS}projects.secrets.versions.accessString" and not self._places.secret_manager:
            return self._secret(arguments)
        if connector.startswith(_SECRETS):
            given = {"project_id": self._places.project, **arguments}
            return secret_manager(connector.removeprefix(_SECRETS), given, self._secret_client())
        addresses = {**self._places.apis, "workflows": self._address, "workflowexecutions": self._address}
        return connect(connector, arguments, addresses, self.send)

    def create_callback(self, method: str) -> str:
        """The address of a new callback."""
        name = new_id()
        url = f"{self._address}/v1/{self._execution.name}/callbacks/{name}"
        self._execution.listens(name, Callback(url, method))
        return url

    def start(self, workflow: str, argument: Any) -> str:
        """Start another workflow."""
        return self._start(workflow, argument).name

    def finished(self, execution: str) -> Any:
        """Wait for an execution's result."""
        found = self._known(execution)
        found.wait()
        if found.state != "SUCCEEDED":
            raise failure("OperationError", f"execution {found.name} is {found.state}", operation=found.shown())
        return json.loads(found.result or "null")

    def environment(self) -> Mapping[str, str]:
        """What Google sets, and what was given besides."""
        _, project, _, location, _, workflow, _, execution = self._execution.name.split("/")
        return {
            "GOOGLE_CLOUD_PROJECT_ID": project,
            "GOOGLE_CLOUD_PROJECT_NUMBER": "0",
            "GOOGLE_CLOUD_LOCATION": location,
            "GOOGLE_CLOUD_WORKFLOW_ID": workflow,
            "GOOGLE_CLOUD_WORKFLOW_REVISION_ID": self._execution.revision,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ID": execution,
            "GOOGLE_CLOUD_WORKFLOW_EXECUTION_ATTEMPT": "1",
            "GOOGLE_CLOUD_SERVICE_ACCOUNT_NAME": f"workflows@{project}.iam.gserviceaccount.com",
            **self._places.environment,
        }

    def log(self, severity: str, said: Any) -> None:
        """Write to the log, and keep it with the execution."""
        self._execution.log.append((severity, said))
        if self._execution.is_in_the_past:
            return
        _log.info("%s %s: %s", severity, self._execution.id, said if isinstance(said, str) else json.dumps(said))

    def step(self, routine: str, step: str, line: int) -> None:
        """Note a step."""
        self._execution.begun(routine, step, line)

    def _run(self, arguments: Mapping[str, Any]) -> Answer:
        project = arguments.get("project_id") or self._places.project
        location = arguments.get("location") or self._places.location
        name = f"projects/{project}/locations/{location}/workflows/{arguments['workflow_id']}"
        result = self.finished(self.start(name, arguments.get("argument")))
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(result).encode())

    def _secret(self, arguments: Mapping[str, Any]) -> Answer:
        """A secret where there is no Secret Manager."""
        known = self._places.secrets.get(str(arguments.get("secret_id", "")))
        if known is None:
            raise failure("SystemError", "there is no Secret Manager on this machine")
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(known).encode())

    def _secret_client(self) -> Any:
        if not self._places.secret_manager:
            raise failure(
                "SystemError",
                "there is no Secret Manager here: a platform that `kairos up --on emulators` starts has one",
            )
        if self._secrets is None:
            import grpc  # noqa: PLC0415 - most workflows read no secret
            from google.cloud.secretmanager_v1 import SecretManagerServiceClient  # noqa: PLC0415
            from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (  # noqa: PLC0415
                SecretManagerServiceGrpcTransport,
            )

            channel = grpc.insecure_channel(self._places.secret_manager)
            self._secrets = SecretManagerServiceClient(transport=SecretManagerServiceGrpcTransport(channel=channel))
        return self._secrets


def _spelt(name: str) -> str:
    """A header's name in its usual spelling."""
    return "-".join(part.capitalize() for part in name.split("-"))
