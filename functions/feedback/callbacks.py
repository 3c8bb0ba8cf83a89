"""The HTTP side of callbacks: `POST /v1/callbacks/{provider}`, for whom the provider's declared ways let in."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl

import msgspec
from werkzeug.wrappers import Request, Response

from functions.feedback.calling_back import TakeCallbacks
from shared.domain.errors import InvalidError, UnauthenticatedError
from shared.ports import Catalogues, Clock
from shared.runtime.door import Door
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Route, check_type, json_answer, read_raw, unpacked

_FORM = "application/x-www-form-urlencoded"
_KEY = "key"
"""The parameter of an address that is a key, and no part of what is told."""


def callback_routes(
    take: TakeCallbacks, catalogues: Catalogues, door: Door, meter: RequestMeter, clock: Clock
) -> Sequence[Route]:
    """The route of the use case."""

    def post_callback(request: Request, provider: str) -> Response:
        callback = catalogues.current().revision.callbacks.get(provider)
        if callback is None:
            raise UnauthenticatedError("no provider that reports is known by this name and key")
        body: list[bytes] = []

        def raw() -> bytes:
            if not body:
                body.append(read_raw(request))
            return body[0]

        door.let_in(request, callback.id, callback.sender, raw)
        plain = unpacked(request, raw())
        if request.mimetype == _FORM:
            plain = _json(plain)
        else:
            check_type(request)
        query = {name: value for name, value in request.args.items() if name != _KEY}
        with meter.request():
            return json_answer(take(callback, plain, query, clock()), 202)

    return [("POST", "/v1/callbacks/<provider>", post_callback)]


def ready(catalogues: Catalogues, door: Door) -> None:
    """Raise TransientError unless a revision is live and what its providers are known by can be read."""
    door.check(callback.sender for callback in catalogues.current().revision.catalogue.callbacks)


def _json(form: bytes) -> bytes:
    """A form's fields as one object.

    Raises:
        InvalidError: it is not UTF-8.
    """
    try:
        return msgspec.json.encode(dict(parse_qsl(form.decode(), keep_blank_values=True)))
    except UnicodeDecodeError:
        raise InvalidError("is not UTF-8") from None
