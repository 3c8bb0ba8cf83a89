"""The door of the platform over HTTP, for those who send on what others wrote.

Items that are one JSON object each travel together, as an array. What is refused in company is asked again alone: a
source may have a batch of its own that stands in no array, and an item may spoil what it travels with. A door that is
asked too fast says when to ask again, and is waited for: who began anew instead would ask as much again.
"""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlsplit

import msgspec

from shared.domain.errors import NotFoundError, TransientError
from shared.domain.ready import ready

TIMEOUT_SECONDS = 30.0
MOST_ITEMS = 500
MOST_BYTES = 900_000
"""Of a request: what the door takes, with room for commas."""

LONGEST_WAIT_SECONDS = 120
"""For a door that is asked too fast, in one `take`; less than a consumer group waits for a member."""

_BROKEN = (OSError, http.client.HTTPException)
_REFUSED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE})


class _Problem(msgspec.Struct):
    detail: str = ""
    field: str = ""

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}" if self.field else self.detail


class _Refused(msgspec.Struct):
    index: int
    problem: _Problem


class _Answer(msgspec.Struct):
    accepted: list[msgspec.Raw]
    rejected: list[_Refused]


class HttpIntake:
    """The port `Intake`: `POST /v1/sources/{source}` over one connection; for one thread."""

    def __init__(self, url: str, headers: Mapping[str, str], wait: Callable[[float], object] = time.sleep) -> None:
        """Send to ingest at `url`, with headers that let us in; `wait` waits for seconds."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url} is no http(s) address")
        self._wait = wait
        self._left = 0
        self._headers = {"content-type": "application/json", **headers}
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._connection = (
            http.client.HTTPSConnection(parts.netloc, timeout=TIMEOUT_SECONDS, context=tls)
            if tls
            else http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
        )
        self._path = parts.path.rstrip("/")

    def take(self, source: str, items: Sequence[bytes], headers: Mapping[str, str]) -> Sequence[str | None]:
        """Have items taken in as a source's, with further headers: why each was refused, None for what was accepted.

        Raises:
            TransientError: ingest did not answer, or not so; sending the same again does no harm.
        """
        reasons: list[str | None] = []
        self._left = LONGEST_WAIT_SECONDS
        for together in _companies(items, alone=bool(headers)):
            body = b"[" + b",".join(together) + b"]" if len(together) > 1 else together[0]
            told = self._post(source, body, headers, len(together))
            if len(together) > 1:
                told = [
                    reason and self._post(source, item, headers, 1)[0]
                    for item, reason in zip(together, told, strict=True)
                ]
            reasons += told
        return reasons

    def check(self, source: str) -> None:
        """Ask whether ingest knows a source, by sending nothing.

        Raises:
            NotFoundError: it does not, and says which it knows.
            TransientError: ingest did not answer.
        """
        try:
            status, said, _ = self._answer(source, b"[]", {})
        except _BROKEN as error:
            raise TransientError(f"ingest does not answer: {error!r}") from error
        if status == HTTPStatus.NOT_FOUND:
            raise NotFoundError(str(msgspec.json.decode(said, type=ready(_Problem))))

    def _post(self, source: str, body: bytes, headers: Mapping[str, str], count: int) -> list[str | None]:
        while True:
            try:
                status, said, after = self._answer(source, body, headers)
            except _BROKEN as error:
                raise TransientError(f"ingest does not answer: {error!r}") from error
            if status in {HTTPStatus.ACCEPTED, *_REFUSED}:
                return _reasons(said, count)
            if status != HTTPStatus.TOO_MANY_REQUESTS or not 0 < after <= self._left:
                break
            self._left -= after
            self._wait(after)
        raise TransientError(f"ingest answers {status} to {source}: {said[:300].decode(errors='replace')}")

    def _answer(self, source: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes, int]:
        """The answer to one request, with the seconds after which to ask again where it says so; the request is made
        once more where a connection that was kept turns out to be closed.
        """
        kept = self._connection.sock is not None
        try:
            self._connection.request("POST", f"{self._path}/v1/sources/{source}", body, {**self._headers, **headers})
            answer = self._connection.getresponse()
            after = answer.headers.get("retry-after", "")
            return answer.status, answer.read(), int(after) if after.isdecimal() else 0
        except _BROKEN as error:
            self._connection.close()
            if kept and not isinstance(error, TimeoutError):
                return self._answer(source, body, headers)
            raise


def _companies(items: Sequence[bytes], *, alone: bool) -> Iterator[list[bytes]]:
    """The items in order, as they travel together."""
    together: list[bytes] = []
    size = 0
    for item in items:
        fits = not alone and _is_one_object(item)
        if together and (not fits or len(together) == MOST_ITEMS or size + len(item) > MOST_BYTES):
            yield together
            together, size = [], 0
        if fits:
            together.append(item)
            size += len(item) + 1
        else:
            yield [item]
    if together:
        yield together


def _is_one_object(item: bytes) -> bool:
    """Whether an item stays one when commas stand around it."""
    try:
        msgspec.json.decode(item, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _reasons(said: bytes, count: int) -> list[str | None]:
    """Of each item why it was refused; one that is a batch is, when something in it was."""
    try:
        answer = msgspec.json.decode(said, type=ready(_Answer))
    except msgspec.MsgspecError:
        problem = msgspec.json.decode(said, type=ready(_Problem))
        return [str(problem) or "refused"] * count
    if count == 1:
        refused = "; ".join(str(each.problem) for each in answer.rejected)
        return [refused or None]
    reasons: list[str | None] = [None] * count
    for each in answer.rejected:
        reasons[each.index] = str(each.problem) or "refused"
    return reasons
