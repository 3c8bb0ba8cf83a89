"""What a channel's provider does with a message: takes it once, or fails in the way it was told to."""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Literal, cast, get_args

Mode = Literal["ok", "fail", "reject", "bounce", "429", "stall", "accept_then_timeout", "malformed"]
EVERY_CHANNEL = "*"
REFUSALS: Mapping[str, tuple[HTTPStatus, str]] = {
    "fail": (HTTPStatus.SERVICE_UNAVAILABLE, "fail"),
    "reject": (HTTPStatus.BAD_REQUEST, "reject"),
    "429": (HTTPStatus.TOO_MANY_REQUESTS, "throttle"),
    "stall": (HTTPStatus.SERVICE_UNAVAILABLE, "stall"),
}
SECRET_HEADERS = frozenset({"webhook-signature", "authorization", "x-api-key", "x-signature-256"})


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; a `body` of None sends none, and one that is `malformed` is no HTTP at all."""

    status: HTTPStatus
    body: Mapping[str, Any] | None
    headers: Mapping[str, str] = field(default_factory=dict)
    malformed: bool = False


class RefusedError(Exception):
    """A request that is answered with a problem document."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.answer = _problem(status, detail)


def _problem(status: HTTPStatus, detail: str, **headers: str) -> Answer:
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail}
    return Answer(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object that a body is.

    Raises:
        RefusedError: it is none.
    """
    try:
        value = json.loads(body)
    except ValueError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The body must be a JSON object.")
    return value


@dataclass(frozen=True)
class Behaviour:
    """How a channel answers.

    - `ok` accepts.
    - `fail` answers 503, `429` answers 429 with Retry-After of `retry_after` seconds, `reject` answers 400 for good,
      `bounce` says in the provider's own words that the address is none; none accepts.
    - `stall` accepts nothing and answers 503 after `seconds`.
    - `accept_then_timeout` accepts, and answers 504 only after `seconds`: the sender cannot know that the message was
      taken.
    - `malformed` accepts, and answers what nobody can read.

    `share` is the part of the requests that meet this; the others are accepted. Which ones is not left to chance:
    request number n with one delivery id meets it when the hash of id and n falls below the share. So the same run
    repeats exactly, in whatever order requests arrive, and a delivery that is sent again draws anew. A held request
    is let go when a behaviour is set.
    """

    channel: str = EVERY_CHANNEL
    mode: Mode = "ok"
    share: float = 1.0
    seconds: float = 30.0
    retry_after: int = 1

    def strikes(self, delivery_id: str, attempt: int) -> bool:
        """Say whether the attempt, counted from 1, meets this behaviour."""
        drawn = hashlib.blake2b(f"{delivery_id}:{attempt}".encode(), digest_size=8).digest()
        return int.from_bytes(drawn, "big") / 2**64 < self.share

    @staticmethod
    def from_json(wanted: Mapping[str, Any]) -> "Behaviour":
        """Read a behaviour.

        Raises:
            RefusedError: a field is unknown, of the wrong type or out of range; it says which.
        """
        known: dict[str, tuple[type | tuple[type, ...], str]] = {
            "channel": (str, "a channel's name or *"),
            "mode": (str, f"one of {', '.join(get_args(Mode))}"),
            "share": ((int, float), "from 0 to 1"),
            "seconds": ((int, float), "from 0 to 600"),
            "retry_after": (int, "from 0 to 600"),
        }
        if unknown := sorted(set(wanted) - set(known)):
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"Unknown: {', '.join(unknown)}. Known: {', '.join(known)}.")
        for name, (kind, meaning) in known.items():
            value = wanted.get(name)
            limit = 1 if name == "share" else 600
            fits = isinstance(value, kind) and not isinstance(value, bool)
            if name == "mode":
                fits = value in get_args(Mode)
            elif fits and isinstance(value, int | float):
                fits = 0 <= value <= limit
            if name in wanted and not fits:
                raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name} must be {meaning}.")
        if "mode" not in wanted:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"mode is missing: {known['mode'][1]}.")
        return Behaviour(**cast("dict[str, Any]", dict(wanted)))


@dataclass
class Message:
    """A message that was accepted; `attempts` counts every request with its id, accepted or not."""

    at: str
    channel: str
    connector: str
    delivery_id: str
    to: str | None
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    attempts: int


class Provider:
    """All channels' providers: what they accepted, and how they behave. Safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._messages: dict[str, Message] = {}
        self._attempts: dict[str, int] = {}
        self._behaviours: dict[str, Behaviour] = {EVERY_CHANNEL: Behaviour()}
        self._set_count = 0

    def take(
        self,
        channel: str,
        delivery_id: str,
        headers: Mapping[str, str],
        body: Mapping[str, Any],
        *,
        connector: str,
        accepted: Answer,
        bounced: Answer | None = None,
        to: str | None = None,
    ) -> Answer:
        """Accept a message and give the answer `accepted`, repeat it to a known one, or do what the channel's behaviour
        says; `bounced` is what says of an address that it is none.
        """
        with self._changed:
            attempt = self._attempts[delivery_id] = self._attempts.get(delivery_id, 0) + 1
            known = self._messages.get(delivery_id)
            if known is not None:
                known.attempts = attempt
            behaviour = self._behaviours.get(channel, self._behaviours[EVERY_CHANNEL])
            mode = behaviour.mode if behaviour.strikes(delivery_id, attempt) else "ok"
            if mode == "stall":
                self._hold(behaviour.seconds)
            if mode == "bounce" and bounced is not None:
                return bounced
            if mode in REFUSALS:
                status, verb = REFUSALS[mode]
                throttled = {"retry_after": str(behaviour.retry_after)} if mode == "429" else {}
                return _problem(status, f"The provider was told to {verb}.", **throttled)
            if known is not None:
                return replace(accepted, headers={**accepted.headers, "idempotent-replay": "true"})
            self._accept(Message(_now(), channel, connector, delivery_id, to, _shown(headers), body, attempt))
            if mode == "accept_then_timeout":
                self._hold(behaviour.seconds)
                return _problem(
                    HTTPStatus.GATEWAY_TIMEOUT, "The provider was told to accept and not to answer in time."
                )
            return replace(accepted, malformed=mode == "malformed")

    def mode_of(self, channel: str) -> Mode:
        """How a channel answers."""
        with self._changed:
            return self._behaviours.get(channel, self._behaviours[EVERY_CHANNEL]).mode

    def failing(self, channel: str) -> Answer:
        """What a channel answers a question with that is told to fail."""
        with self._changed:
            behaviour = self._behaviours.get(channel, self._behaviours[EVERY_CHANNEL])
            if behaviour.mode in ("stall", "accept_then_timeout"):
                self._hold(behaviour.seconds)
            if behaviour.mode == "malformed":
                return Answer(HTTPStatus.OK, None, malformed=True)
            status, verb = REFUSALS.get(behaviour.mode, REFUSALS["fail"])
            return _problem(status, f"The service was told to {verb}.")

    def received(self, channel: str | None = None) -> list[dict[str, Any]]:
        """List the accepted messages, of one channel or all, in the order of their acceptance."""
        with self._changed:
            return [asdict(message) for message in self._of(channel)]

    def wait_for(self, count: int, channel: str | None, seconds: float) -> None:
        """Wait until `count` messages were accepted, or `seconds` have passed."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._of(channel)) >= count, seconds)

    def forget(self) -> None:
        """Forget messages, keys and attempts; behaviours stay."""
        with self._changed:
            self._messages.clear()
            self._attempts.clear()

    def behave(self, behaviour: Behaviour) -> None:
        """Set a channel's behaviour; setting it for `*` replaces those of single channels too."""
        with self._changed:
            if behaviour.channel == EVERY_CHANNEL:
                self._behaviours.clear()
            self._behaviours[behaviour.channel] = behaviour
            self._set_count += 1
            self._changed.notify_all()

    def behaviours(self) -> dict[str, Any]:
        """Show how each channel answers."""
        with self._changed:
            return {channel: asdict(behaviour) for channel, behaviour in self._behaviours.items()}

    def _of(self, channel: str | None) -> list[Message]:
        return [message for message in self._messages.values() if channel in {None, message.channel}]

    def _accept(self, message: Message) -> None:
        self._messages[message.delivery_id] = message
        self._changed.notify_all()

    def _hold(self, seconds: float) -> None:
        """Keep a request waiting, letting others through meanwhile, until the time passes or a behaviour is set."""
        before = self._set_count
        self._changed.wait_for(lambda: self._set_count != before, seconds)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    """Give the headers with secrets cut short."""
    return {name: f"{value[:6]}…" if name in SECRET_HEADERS else value for name, value in headers.items()}
