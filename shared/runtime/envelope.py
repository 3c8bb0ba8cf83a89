"""The envelope of a Pub/Sub push, read ourselves: total over bad input, and nothing of it lost."""

from __future__ import annotations

import base64

import msgspec

from shared.domain.errors import InvalidError
from shared.domain.ready import ready


class _PushedMessage(msgspec.Struct, kw_only=True):
    data: str = ""
    attributes: dict[str, str] | None = None
    messageId: str = ""  # noqa: N815 - the wire's own name
    publishTime: str = ""  # noqa: N815


class _Push(msgspec.Struct, kw_only=True):
    message: _PushedMessage
    subscription: str = ""


class Envelope(msgspec.Struct, frozen=True):
    """A pushed message: its bytes, its attributes and the subscription that pushed it."""

    data: bytes
    attributes: dict[str, str]
    subscription: str


_decoder = msgspec.json.Decoder(ready(_Push))


def read(body: bytes) -> Envelope:
    """The envelope in the body of a push.

    Raises:
        InvalidError: it is none.
    """
    try:
        push = _decoder.decode(body)
        data = base64.b64decode(push.message.data, validate=True)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidError(f"not a Pub/Sub push: {error}", field="envelope") from error
    except ValueError as error:  # letters that base64 does not have, and letters beyond ASCII
        raise InvalidError(f"not base64: {error}", field="message.data") from error
    return Envelope(data, push.message.attributes or {}, push.subscription)


def write(data: bytes, attributes: dict[str, str], *, message_id: str, subscription: str) -> bytes:
    """The body of a push of this message, as Pub/Sub writes it."""
    message = {"data": base64.b64encode(data).decode(), "attributes": attributes, "messageId": message_id}
    return msgspec.json.encode({"message": message, "subscription": subscription})
