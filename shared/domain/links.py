"""Signed links of a message: through which a click, an opening and an unsubscription come back to us.

A token says which delivery it belongs to and, for a click, where it leads. It is signed, so nobody else can make one:
the redirect leads nowhere but where a message of ours led, and nobody can unsubscribe another by counting up ids.
Of several keys the first signs and all are known, so a key is changed by putting a new one before it and taking the old
one away once the messages signed by it no longer matter.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

import msgspec

from shared.domain.errors import InvalidError
from shared.domain.ready import ready

LinkKind = Literal["c", "o", "u"]
"""A click, an opening, an unsubscription: the path of each kind begins so."""

MOST_TARGET = 2000
"""Characters of an address that a click leads to."""

_MAC_BYTES = 16
_DELIVERY = re.compile(r"v-[0-9a-f]{32}")
_WRITTEN_ORIGIN = re.compile(r"https://([a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?)(?:[/?#]|$)")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"^`{|}]")


class LinkKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What links are signed with.

    Attributes:
        kid: its name, which tokens carry.
        key: the key itself, base64 of 32 bytes or more.
    """

    kid: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]{1,16}$")]
    key: bytes


class Opened(NamedTuple):
    """What a token says: the delivery, and where its click leads; empty where it is none."""

    delivery_id: str
    target: str


def link_keys(text: str | bytes) -> tuple[LinkKey, ...]:
    """The keys in a secret, `[{"kid": "a", "key": "BASE64"}]`; the first signs.

    Raises:
        InvalidError: it is not that, holds none, or one that is too short or named twice; nothing of it is repeated.
    """
    try:
        keys = msgspec.json.decode(text, type=ready(tuple[LinkKey, ...]))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InvalidError('expected [{"kid": "a", "key": "BASE64"}]', field="link keys") from None
    if not keys or any(len(each.key) < 32 for each in keys) or len({each.kid for each in keys}) < len(keys):
        raise InvalidError("expected one key or more, each of 32 bytes and with a name of its own", field="link keys")
    return keys


class Links:
    """Makes links, and reads the tokens in them."""

    def __init__(self, keys: Sequence[LinkKey], base: str) -> None:
        """Sign with the first of `keys`; links begin with `base`, such as `https://news.northmoor.example`."""
        self._signing = keys[0]
        self._keys = {each.kid: each.key for each in keys}
        self._base = base.rstrip("/")

    def click(self, delivery_id: str, target: str, *, written: str) -> str:
        """The link that notes a click and leads to `target`.

        Args:
            delivery_id: of the message it stands in.
            target: where it leads, as it was rendered for the person.
            written: the template that it was rendered from. What a person's data put into it may change the path and
                the query, never the host.

        Raises:
            InvalidError: it would lead elsewhere than the template says, or to no address of the web.
        """
        check_target(target)
        if origin_of(written) != origin_of(target):
            raise InvalidError("leads to another host than its template names", field="link")
        return f"{self._base}/c/{self._token('c', delivery_id, target)}"

    def pixel(self, delivery_id: str) -> str:
        """The address of the picture that notes an opening."""
        return f"{self._base}/o/{self._token('o', delivery_id)}.gif"

    def unsubscribe(self, delivery_id: str) -> str:
        """Where a person unsubscribes, by one click (RFC 8058) or on a page."""
        return f"{self._base}/u/{self._token('u', delivery_id)}"

    def unsubscribe_headers(self, delivery_id: str) -> dict[str, str]:
        """The headers by which a mailbox offers to unsubscribe by one click; the message's DKIM has to cover them."""
        return {
            "List-Unsubscribe": f"<{self.unsubscribe(delivery_id)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }

    def opened(self, kind: LinkKind, token: str) -> Opened:
        """What a token of a kind says.

        Raises:
            InvalidError: we did not make it, not as one of this kind, or with a key that is no longer known.
        """
        kid, _, rest = token.partition(".")
        payload, _, mac = rest.partition(".")
        key = self._keys.get(kid, b"")
        if not key or not hmac.compare_digest(mac.encode(errors="replace"), _mac(key, kind, payload).encode()):
            raise InvalidError("is no link of ours", field="token")
        told = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return Opened(f"v-{told[:16].hex()}", told[16:].decode())

    def _token(self, kind: LinkKind, delivery_id: str, target: str = "") -> str:
        if not _DELIVERY.fullmatch(delivery_id):
            raise InvalidError("not a delivery id", field="delivery_id")
        payload = _text(bytes.fromhex(delivery_id[2:]) + target.encode())
        return f"{self._signing.kid}.{payload}.{_mac(self._signing.key, kind, payload)}"


def check_target(target: str) -> None:
    """Raise InvalidError unless this is an https address that every browser reads alike."""
    if len(target) > MOST_TARGET:
        raise InvalidError(f"is longer than {MOST_TARGET} characters", field="link")
    if _UNSAFE.search(target) or not target.isascii():
        raise InvalidError("holds characters that an address has to escape", field="link")
    if origin_of(target) is None:
        raise InvalidError("is no https address", field="link")


def origin_of(address: str) -> str | None:
    """The host and port that an address, or the template of one, names in so many letters; None where it does not."""
    found = _WRITTEN_ORIGIN.match(address)
    return found[1] if found is not None else None


def _mac(key: bytes, kind: LinkKind, payload: str) -> str:
    return _text(
        hmac.digest(key, f"kairos link {kind} {payload}".encode(errors="replace"), hashlib.sha256)[:_MAC_BYTES]
    )


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
