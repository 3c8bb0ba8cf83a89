"""What the sandbox reports by itself, as providers do: an event of a message, signed as Standard Webhooks has it."""

import base64
import hashlib
import hmac
import json
import os
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NamedTuple

from emulators.provider import Answer, RefusedError

TIMEOUT_SECONDS = 20.0
VARIABLE = "SANDBOX_REPORTS"
EVENTS = ("delivered", "opened", "clicked", "bounced", "complained", "unsubscribed", "dismissed", "converted")


class Reporter(NamedTuple):
    """Whom the sandbox reports to, and what it proves itself with, `whsec_…`."""

    url: str
    secret: str

    @classmethod
    def from_environment(cls) -> "Reporter | None":
        """That which another process has written into the environment; None where it wrote none."""
        given = os.environ.get(VARIABLE)
        return cls(**json.loads(given)) if given else None

    def written(self) -> dict[str, str]:
        """The environment that says so to another process."""
        return {VARIABLE: json.dumps(self._asdict())}

    def report(self, wanted: Mapping[str, Any]) -> Answer:
        """Report an event, `{"event": "clicked", "delivery_id": "v-…"}`, with an `id` and a `value` where there are;
        what comes back is the answer.

        Raises:
            RefusedError: it names no event or no delivery, or nobody answers.
        """
        if wanted.get("event") not in EVENTS or not isinstance(wanted.get("delivery_id"), str):
            raise RefusedError(
                HTTPStatus.BAD_REQUEST, f'Send {{"event", "delivery_id"}}; event is one of {", ".join(EVENTS)}.'
            )
        event_id = str(wanted.get("id") or uuid.uuid4())
        told = {
            "id": event_id,
            "type": f"message.{wanted['event']}",
            "timestamp": datetime.now(UTC).isoformat(),
            "data": {name: wanted[name] for name in ("delivery_id", "value") if name in wanted},
        }
        body = json.dumps(told).encode()
        request = urllib.request.Request(self.url, body, self._headers(event_id, body), method="POST")  # noqa: S310
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Answer(HTTPStatus(answer.status), json.loads(answer.read()))
        except urllib.error.HTTPError as error:
            return Answer(HTTPStatus(error.code), json.loads(error.read()))
        except OSError as error:
            raise RefusedError(HTTPStatus.BAD_GATEWAY, f"Nobody took the report: {error}") from error

    def _headers(self, event_id: str, body: bytes) -> dict[str, str]:
        seconds = str(int(datetime.now(UTC).timestamp()))
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        signature = hmac.digest(key, f"{event_id}.{seconds}.".encode() + body, hashlib.sha256)
        return {
            "content-type": "application/json",
            "webhook-id": event_id,
            "webhook-timestamp": seconds,
            "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
        }
