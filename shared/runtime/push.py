"""The boundary to Pub/Sub: decode, handle, publish, and turn every error into the one right answer.

| raised                    | answer | because                                                     |
| ------------------------- | ------ | ----------------------------------------------------------- |
| undecodable, or permanent | 204    | parked in quarantine with bytes and reason: nacked poison slows everyone |
| names what is nowhere     | 204    | the same; a handler to whom it may still come raises transient |
| transient                 | 503    | redelivered                                                 |
| quarantine failed         | 503    | nothing is acknowledged that is not kept                    |
| anything else             | 500    | unknown is retried, and the dead letter catches it          |
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, Literal, TypeVar

import msgspec
from werkzeug.wrappers import Request, Response

from shared.domain.errors import ErasedError, InvalidError, KairosError, NotFoundError, PermanentError, TransientError
from shared.domain.ready import ready
from shared.domain.signal import digest
from shared.domain.usage import Usage
from shared.messages import Message, Publishable, stamped
from shared.ports import Clock, Parked, Publisher, Quarantine
from shared.runtime import envelope, trace
from shared.runtime.certificates import Certificates
from shared.runtime.metering import RequestMeter
from shared.runtime.problems import problem, problem_of
from shared.runtime.pushers import check_of
from shared.runtime.settings import Pushed
from shared.runtime.telemetry import log

M = TypeVar("M", bound=Message)
MAX_PUSH_BYTES = 15 * 1024 * 1024
"""Pub/Sub's largest message, in base64, and its envelope."""

PARKED_BYTES = 900_000
"""What fits into one Firestore document beside the reason; of more, only the beginning is kept."""


class Push(Generic[M]):
    """Serves the pushes of one subscription."""

    def __init__(
        self,
        accepts: type[M],
        handle: Callable[[M, datetime], Sequence[Publishable]],
        *,
        publisher: Publisher,
        quarantine: Quarantine,
        meter: RequestMeter,
        clock: Clock,
        settings: Pushed,
        certificates: Certificates | None = None,
    ) -> None:
        """Serve messages of one type by a handler that returns what is to be published; `certificates` are Google's
        unless given.

        Raises:
            SettingsError: the settings do not say who pushes.
        """
        self._decoder = msgspec.json.Decoder(ready(accepts))
        self._accepts = accepts
        self._handle = handle
        self._publisher = publisher
        self._quarantine = quarantine
        self._meter = meter
        self._clock = clock
        self._check = check_of(settings, clock, certificates)
        self._function = settings.k_service
        self._revision = settings.k_revision

    def __call__(self, request: Request) -> Response:
        """Answer one push: 204 acknowledges, 503 and 500 ask for redelivery."""
        try:
            self._check(request)
        except KairosError as error:
            log("WARNING", f"{self._function} refused a push: {error}")
            return problem_of(error)
        if (request.content_length or 0) > MAX_PUSH_BYTES:
            return problem(413, "Too large", f"a push has at most {MAX_PUSH_BYTES} bytes")
        return self.deliver(request.get_data())

    def deliver(self, body: bytes) -> Response:
        """Answer one push by its body."""
        try:
            pushed = envelope.read(body)
        except InvalidError as error:
            trace.continue_from(None)
            return self._park("undecodable", str(error), body, {})
        trace.continue_from(pushed.attributes.get("traceparent"))
        try:
            message = self._decoder.decode(pushed.data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            reason = f"not a {self._accepts.__struct_config__.tag}: {error}"
            return self._park("undecodable", reason, pushed.data, pushed.attributes)
        try:
            with self._meter.request():
                self._meter.add(messages=1, bytes_=len(pushed.data))
                outputs = self._handle(message, self._clock())
                usage = message.usage + self._meter.spent()
                self._publisher.publish(stamped(outputs, usage, trace.current()))
                self._log(message, usage)
        except ErasedError:  # whoever it was about is gone: nothing of it is kept
            log("INFO", f"{self._function}: of somebody who was erased", decision_id=message.decision_id, answer=204)
        except (PermanentError, NotFoundError) as error:
            return self._park("permanent", str(error), pushed.data, pushed.attributes)
        except TransientError as error:
            log("WARNING", f"{self._function}: {error}", decision_id=message.decision_id, answer=503)
            return problem_of(error)
        except Exception as error:  # noqa: BLE001 - the one place where the unknown is caught: it is logged and redelivered
            log("ERROR", f"{self._function}: {error!r}", decision_id=message.decision_id, stack=traceback.format_exc())
            return problem(500, "Internal error", "logged with its trace; the message will be delivered again")
        return Response(status=204)

    def _log(self, message: M, usage: Usage) -> None:
        log("DEBUG", f"{self._function} took {message.message_id}", decision_id=message.decision_id, usage=usage)

    def _park(
        self, kind: Literal["undecodable", "permanent"], reason: str, data: bytes, attributes: dict[str, str]
    ) -> Response:
        parked = Parked(
            id="q-" + digest(self._function, data.hex()),
            function=self._function,
            revision=self._revision,
            topic=self._accepts.topic,
            reason=reason[:1000],
            kind=kind,
            at=self._clock(),
            data=data[:PARKED_BYTES],
            attributes=attributes,
            truncated=len(data) > PARKED_BYTES,
        )
        try:
            self._quarantine.park(parked)
        except Exception as error:  # noqa: BLE001 - whatever it was, what is not kept must not be acknowledged
            log("ERROR", f"{self._function}: quarantine failed: {error!r}", parked_id=parked.id)
            return problem(503, "Try again later", "the message could not be parked")
        log("ERROR", f"{self._function} parked {parked.id}: {parked.reason}", parked_id=parked.id)
        return Response(status=204)
