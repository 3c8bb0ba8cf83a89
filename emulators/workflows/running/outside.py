"""What an execution needs of the world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol


class Request(NamedTuple):
    """An HTTP request."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    timeout_seconds: float


class Answer(NamedTuple):
    """What came back; names of headers in their usual spelling."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outside(Protocol):
    """The world of one execution. Calls may block, and come from several threads."""

    def send(self, request: Request) -> Answer:
        """Send a request.

        Raises:
            WorkflowError: nobody answered, or not in time.
        """

    def token(self, kind: str, audience: str) -> str:
        """A token of the workflow's service account: `OIDC` for an audience, or `OAuth2`."""

    def connect(self, connector: str, arguments: Mapping[str, Any]) -> Answer:
        """Call a connector.

        Raises:
            WorkflowError: there is none here, or it failed.
        """

    def create_callback(self, method: str) -> str:
        """The address of a new callback endpoint; what is sent to it arrives under this address."""

    def start(self, workflow: str, argument: Any) -> str:
        """Start another workflow's execution, by name or resource name; its id.

        Raises:
            WorkflowError: there is no such workflow.
        """

    def finished(self, execution: str) -> Any:
        """Wait for an execution, and give its result.

        Raises:
            WorkflowError: it failed.
        """

    def environment(self) -> Mapping[str, str]:
        """What `sys.get_env` knows."""

    def log(self, severity: str, said: Any) -> None:
        """Write to the log."""

    def step(self, routine: str, step: str, line: int) -> None:
        """Hear that a step begins."""
