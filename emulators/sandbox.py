"""The channels' providers on a laptop: one small server that takes what is sent, remembers it, and fails as it is told.

`SANDBOX_WEBHOOK_SECRET=whsec_… python -m emulators.sandbox --port 9000` serves until it is stopped.

- `POST /channels/CHANNEL` takes a message: a JSON body signed by Standard Webhooks, the delivery's id as both
  `webhook-id` and `idempotency-key`. A key that was accepted before gets the first answer again, with
  `idempotent-replay: true`, and adds no message.
- `GET /received[?channel=C][&count=N&timeout=S]` lists what was accepted; with `count` it waits until there are N
  messages, at most S seconds (default 10, at most 60), and then lists what there is.
- `DELETE /received` forgets messages and keys.
- `POST /behaviour` sets how a channel, or `*`, answers (see `Behaviour`); `GET /behaviour` shows it.
- `GET /health` and `/ready`.

What the sandbox is, its memory and its manners, is in `emulators.provider`; this file is its HTTP side.
"""

import argparse
import json
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from emulators.provider import Answer, Behaviour, Provider, RefusedError

LARGEST_BODY_BYTES = 1024 * 1024
LONGEST_WAIT_SECONDS = 60.0
CHANNEL = re.compile(r"/channels/([a-z][a-z0-9_-]{0,63})")


class Server(ThreadingHTTPServer):
    """The sandbox on 127.0.0.1; `port` 0 takes a free one, `server_port` says which."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, secret: str, *, logs: bool = True) -> None:
        """Verify signatures with `secret`, a Standard Webhooks secret `whsec_` + base64; log each send with `logs`.

        Raises:
            ValueError: the secret is not base64.
        """
        self.provider = Provider()
        self.logs = logs
        self.webhook = Webhook(secret)
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report a request that failed, unless its client merely went away, which is what some behaviours provoke."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection; HTTP/1.1, kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024  # headers and body leave together
    timeout = 120  # seconds an idle connection is kept
    server: Server

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def do_DELETE(self) -> None:
        self._answer(self._delete)

    def _answer(self, work: Any) -> None:
        try:
            body = self._body()
            answer = work(urlsplit(self.path).path, body)
        except RefusedError as refusal:
            answer = refusal.answer
        self._send(answer)

    def _get(self, path: str, _body: bytes) -> Answer:
        if path in {"/health", "/ready"}:
            return Answer(HTTPStatus.OK, {"status": "ok"})
        if path == "/behaviour":
            return Answer(HTTPStatus.OK, self.server.provider.behaviours())
        if path == "/received":
            query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            channel = query.get("channel")
            if "count" in query:
                seconds = _number(query, "timeout", 10, LONGEST_WAIT_SECONDS)
                self.server.provider.wait_for(int(_number(query, "count", 0, 1e9)), channel, seconds)
            return Answer(HTTPStatus.OK, {"received": self.server.provider.received(channel)})
        raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no {path} here.")

    def _post(self, path: str, body: bytes) -> Answer:
        if path == "/behaviour":
            self.server.provider.behave(Behaviour.from_json(_json_object(body)))
            return Answer(HTTPStatus.OK, self.server.provider.behaviours())
        if named := CHANNEL.fullmatch(path):
            headers = {name.lower(): value for name, value in self.headers.items()}
            self._verify(headers, body)
            delivery_id = headers["webhook-id"]
            if headers.get("idempotency-key") != delivery_id:
                raise RefusedError(
                    HTTPStatus.BAD_REQUEST, "The header idempotency-key must be the delivery's id, as webhook-id is."
                )
            return self.server.provider.take(named[1], delivery_id, headers, _json_object(body))
        raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no {path} to post to here.")

    def _delete(self, path: str, _body: bytes) -> Answer:
        if path != "/received":
            raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no {path} to delete here.")
        self.server.provider.forget()
        return Answer(HTTPStatus.NO_CONTENT, None)

    def _verify(self, headers: Mapping[str, str], body: bytes) -> None:
        try:
            body.decode()
            self.server.webhook.verify(body, dict(headers))
        except UnicodeDecodeError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The body is not UTF-8.") from error
        except json.JSONDecodeError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}") from error
        except (
            WebhookVerificationError,
            ValueError,
        ) as error:  # the library lets a malformed signature's ValueError out
            raise RefusedError(HTTPStatus.UNAUTHORIZED, f"The signature does not verify: {error}") from error

    def _body(self) -> bytes:
        """Read the whole body, so that the connection stays usable whatever the answer is."""
        if "transfer-encoding" in self.headers:
            self.close_connection = True
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "Send the body with a Content-Length.")
        declared = self.headers.get("content-length", "0")
        if not (declared.isascii() and declared.isdecimal()):
            self.close_connection = True
            raise RefusedError(HTTPStatus.BAD_REQUEST, "Content-Length is not a number.")
        if int(declared) > LARGEST_BODY_BYTES:
            self.close_connection = True
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"The body exceeds {LARGEST_BODY_BYTES} bytes.")
        return self.rfile.read(int(declared))

    def _send(self, answer: Answer) -> None:
        content = b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.body is not None:
            kind = "application/json" if answer.status < HTTPStatus.BAD_REQUEST else "application/problem+json"
            self.send_header("content-type", kind)
        if answer.status != HTTPStatus.NO_CONTENT:
            self.send_header("content-length", str(len(content)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log only sends, not the questions of those who watch."""
        if self.server.logs and self.path.startswith("/channels/"):
            super().log_request(code, size)


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return value


def _number(query: Mapping[str, str], name: str, default: float, most: float) -> float:
    try:
        value = float(query.get(name, default))
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name} must be a number.") from error
    if not 0 <= value <= most:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name} must be from 0 to {most:g}.")
    return value


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    secret = os.environ.get("SANDBOX_WEBHOOK_SECRET", "")
    if not secret.startswith("whsec_"):
        parser.error("SANDBOX_WEBHOOK_SECRET must hold the providers' Standard Webhooks secret, whsec_ and base64")
    server = Server(options.port, secret)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
