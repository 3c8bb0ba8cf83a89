"""The channels' providers on a laptop: one small server that takes what is sent, remembers it, and fails as it is told.

`SANDBOX_PLAYS='[…]' python -m emulators.sandbox --port 9000 --mail-port 2525` serves until it is stopped.

- A request for the host of a connector is taken as its provider would: `emulators.playing` says whom it knows by what,
  and what it answers. The header `idempotency-key` is the delivery's id. A key that was accepted before gets the first
  answer again, with `idempotent-replay: true`, and adds no message. Tokens are granted where connectors get them.
- `GET /api/assets/LANGUAGE/FRAGMENT` answers as the sample's content service, under the channel `content`.
- `POST …:predict` on the host of an endpoint that scores answers what the estimator of the samples says, under the
  channel `scoring`.
- Mail comes over SMTP on a port of its own, under the delivery's id as its `Message-ID`.
- `GET /received[?channel=C][&count=N&timeout=S]` lists what was accepted; with `count` it waits until there are N
  messages, at most S seconds (default 10, at most 60), and then lists what there is.
- `DELETE /received` forgets messages and keys.
- `POST /behaviour` sets how a channel, or `*`, answers (see `Behaviour`); `GET /behaviour` shows it.
- `POST /events` reports an event of a message, such as a click, as providers do: see `emulators.reporting`.
- `GET /health` and `/ready`.

What the sandbox is, its memory and its manners, is in `emulators.provider`; this file is its HTTP side.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from emulators.playing import Callers, Played, accepted, address_in, bounced, fields_of, read
from emulators.provider import Answer, Behaviour, Provider, RefusedError, json_object
from emulators.reporting import Reporter
from shared.domain.estimators import Linear, predict
from shared.domain.ready import ready

SAMPLES = Path(__file__).parents[1] / "catalogue" / "samples" / "fragments.json"
"""What the content service of the sample bank has, by path."""

ESTIMATOR = Path(__file__).parents[1] / "catalogue" / "samples" / "challenger.json"
"""What the endpoint that is played predicts by."""

SCORING_HOST = "europe-west2-aiplatform.googleapis.com"
"""Whose endpoints are played."""

LARGEST_BODY_BYTES = 1024 * 1024
LONGEST_WAIT_SECONDS = 60.0
FRAGMENTS = "/api/assets/"
MALFORMED = b"HTTQ/7 what?\r\n\x00\x01\r\n\r\n"


class Server(ThreadingHTTPServer):
    """The sandbox on 127.0.0.1; `port` 0 takes a free one, `server_port` says which."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, port: int, plays: Sequence[Played], *, logs: bool = True, reporter: Reporter | None = None
    ) -> None:
        """Play the providers of some connectors; log each send with `logs`; report events by `reporter`."""
        self.reporter = reporter
        self.provider = Provider()
        self.callers = Callers()
        self.logs = logs
        self.plays = list(plays)
        self.fragments: Mapping[str, Any] = json.loads(SAMPLES.read_text(encoding="utf-8"))
        self.estimator = msgspec.json.decode(ESTIMATOR.read_bytes(), type=ready(Linear))
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def plays_mail(self) -> Played | None:
        """The mail server that is played; None where no connector needs one."""
        return next((each for each in self.plays if each.is_mail), None)

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
        if path.startswith(FRAGMENTS):
            return self._fragment(path)
        if path == "/received":
            query = {name: values[-1] for name, values in parse_qs(urlsplit(self.path).query).items()}
            channel = query.get("channel")
            if "count" in query:
                seconds = _number(query, "timeout", 10, LONGEST_WAIT_SECONDS)
                self.server.provider.wait_for(int(_number(query, "count", 0, 1e9)), channel, seconds)
            return Answer(HTTPStatus.OK, {"received": self.server.provider.received(channel)})
        raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no {path} here.")

    def _fragment(self, path: str) -> Answer:
        """A content fragment of the sample, kept for a minute; the channel `content` says how it is answered."""
        mode = self.server.provider.mode_of("content")
        if mode != "ok":
            return self.server.provider.failing("content")
        found = self.server.fragments.get(path.removeprefix(FRAGMENTS))
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no fragment {path}.")
        etag = f'"{hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]}"'
        kept = {"etag": etag, "cache-control": "max-age=60"}
        if self.headers.get("if-none-match") == etag:
            return Answer(HTTPStatus.NOT_MODIFIED, None, kept)
        return Answer(HTTPStatus.OK, found, kept)

    def _post(self, path: str, body: bytes) -> Answer:
        if path == "/behaviour":
            self.server.provider.behave(Behaviour.from_json(json_object(body)))
            return Answer(HTTPStatus.OK, self.server.provider.behaviours())
        if path == "/events" and self.server.reporter is not None:
            return self.server.reporter.report(json_object(body))
        host = self.headers.get("host", "").partition(":")[0]
        issuing = [each for each in self.server.plays if each.token_url == f"https://{host}{path}"]
        if issuing:
            return self.server.callers.grant(issuing, body)
        if host == SCORING_HOST and path.endswith(":predict"):
            return self._predict(body)
        played = [each for each in self.server.plays if each.host == host]
        if not played:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no {path} to post to here.")
        return self._take(next((each for each in played if _is_for(each, path)), played[0]), path, body)

    def _predict(self, body: bytes) -> Answer:
        """What the estimator says of some instances; the channel `scoring` says how it is answered."""
        if self.server.provider.mode_of("scoring") != "ok":
            return self.server.provider.failing("scoring")
        instances = json_object(body).get("instances")
        if not isinstance(instances, list) or not all(isinstance(each, dict) for each in instances):
            raise RefusedError(HTTPStatus.BAD_REQUEST, "instances must be a list of objects.")
        estimator = self.server.estimator
        return Answer(HTTPStatus.OK, {"predictions": [predict(estimator, each) for each in instances]})

    def _take(self, played: Played, path: str, body: bytes) -> Answer:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.callers.verify(played, headers, body)
        delivery_id = headers.get("idempotency-key", "")
        if not delivery_id or headers.get("webhook-id", delivery_id) != delivery_id:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "The header idempotency-key must be the delivery's id.")
        fields = fields_of(headers.get("content-type", ""), body)
        return self.server.provider.take(
            _channel(played, path, fields),
            delivery_id,
            headers,
            fields,
            connector=played.connector,
            to=address_in(played.host, fields),
            accepted=accepted(played.host, delivery_id),
            bounced=bounced(played.host),
        )

    def _delete(self, path: str, _body: bytes) -> Answer:
        if path != "/received":
            raise RefusedError(HTTPStatus.NOT_FOUND, f"There is no {path} to delete here.")
        self.server.provider.forget()
        return Answer(HTTPStatus.NO_CONTENT, None)

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
        if answer.malformed:
            self.close_connection = True
            self.wfile.write(MALFORMED)
            self.wfile.flush()
            return
        content = b"" if answer.body is None else json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.body is not None:
            kind = "application/json" if answer.status < HTTPStatus.BAD_REQUEST else "application/problem+json"
            self.send_header("content-type", kind)
        if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.send_header("content-length", str(len(content)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(content)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log only sends, not the questions of those who watch."""
        if self.server.logs and self.command == "POST" and self.path != "/behaviour":
            super().log_request(code, size)

    def log_error(self, message: str, *arguments: Any) -> None:
        """Log what went wrong, which a kept connection whose time is over is not."""
        if not isinstance(sys.exception(), TimeoutError):
            super().log_error(message, *arguments)


def _is_for(played: Played, path: str) -> bool:
    return played.path is None or path == played.path


def _channel(played: Played, path: str, fields: Mapping[str, Any]) -> str:
    """Which of the channels that are sent through a connector a message is on."""
    said = str(fields.get("channel") or path.rpartition("/")[2])
    return said if said in played.channels or not played.channels else played.channels[0]


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
    parser.add_argument("--mail-port", type=int)
    options = parser.parse_args()
    plays = read(os.environ.get("SANDBOX_PLAYS", "[]"))
    server = Server(options.port, plays, reporter=Reporter.from_environment())
    if options.mail_port:
        from emulators.mail import Mail  # noqa: PLC0415 - its library is not light, and tests do without

        mail = Mail(options.mail_port, server.plays_mail, server.provider)
        mail.start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever(poll_interval=0.1)


if __name__ == "__main__":
    main()
