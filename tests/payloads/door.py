"""Ingest behind HTTP, with everything else in memory, and what it published."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from functions.ingest.api import routes
from functions.ingest.handler import Ingest
from shared import authoring
from shared.adapters import memory
from shared.domain.identifiers import PERSON_ID, keyed_hash
from shared.domain.signal import Signal
from shared.messages import Publishable, SignalReceived
from shared.runtime.certificates import Certificates
from shared.runtime.door import Door
from shared.runtime.door.pace import Pace
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service

ROOT = Path(__file__).parents[2]
CORPORA = Path(__file__).parent / "corpora"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = b"k" * 32
_REDACTED = re.compile(r"hmac\(([^()]*)\)")


class Payload(msgspec.Struct, frozen=True):
    """One payload of a corpus.

    Attributes:
        payload: the path of its file.
        source: which source of the sample bank sends it.
        body: as its file had it.
        headers: of the request.
    """

    payload: str
    source: str
    body: str
    headers: dict[str, str] = {}


class Answer(NamedTuple):
    """What ingest said to one request, and the signals that it published."""

    status: int
    body: Any
    signals: Sequence[Signal]


def corpus(name: str) -> list[Payload]:
    """The payloads of a corpus."""
    return msgspec.json.decode(
        b"[" + b",".join((CORPORA / f"{name}.jsonl").read_bytes().splitlines()) + b"]", type=list[Payload]
    )


def corpora() -> list[str]:
    """The names of the corpora."""
    return sorted(file.stem for file in CORPORA.glob("*.jsonl"))


class IngestByHttp:
    """Ingest under the sample catalogue."""

    def __init__(self) -> None:
        self.revision = authoring.load(ROOT / "catalogue")
        self._published: list[SignalReceived] = []
        catalogues = memory.Catalogues(memory.Store())
        catalogues.publish(self.revision)
        secrets = memory.Secrets()
        secrets.add("kairos-source-keys", json.dumps({"test": {"key": "key", "sources": ["*"]}}).encode())
        door = Door(secrets, lambda: NOW, _no_issuer)
        meter = RequestMeter()
        pace = Pace(lambda: 0.0, memory.Companions(memory.Store(), "door"))
        served = routes(Ingest(catalogues, self, KEY), catalogues, door, pace, meter, lambda: NOW)
        self._service = Service("ingest", served, ready=lambda: None, origins=frozenset)

    def publish(self, messages: Sequence[Publishable]) -> None:
        """The port `Publisher`."""
        self._published += [message for message in messages if isinstance(message, SignalReceived)]

    def send(self, source: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a body as a source."""
        environment = EnvironBuilder(
            path=f"/v1/sources/{source}",
            method="POST",
            data=body,
            headers={"content-type": "application/json", "x-api-key": "key", **(headers or {})},
        ).get_environ()
        self._published.clear()
        answer = self._service(Request(environment))
        signals = [message.signal for message in self._published]
        return Answer(answer.status_code, json.loads(answer.get_data()), signals)


def told(signal: Signal) -> dict[str, Any]:
    """A signal in the words of an expectation; when it was received goes without saying."""
    said: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(signal))
    for name in ("received_at", "source"):
        del said[name]
    for change in said.get("consent", ()):
        for name in [name for name, value in change.items() if value is None]:
            del change[name]
    return said


def hashed(expected: Mapping[str, Any]) -> dict[str, Any]:
    """An expectation with the keyed hashes that it stands for."""
    said = {name: _redacted(value) for name, value in expected.items()}
    said["identifiers"] = {
        name: value if name == PERSON_ID else keyed_hash(KEY, name, value)
        for name, value in expected["identifiers"].items()
    }
    return said


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {_redacted(name): _redacted(held) for name, held in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    if isinstance(value, str):
        return _REDACTED.sub(lambda found: "hmac:" + keyed_hash(KEY, "redacted", found[1])[:16], value)
    return value


def _no_issuer(_way: object) -> Certificates:
    raise AssertionError("no source of the sample bank sends tokens")
