"""Keys: who is calling, by a key that only they and we know."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Literal

import msgspec
from werkzeug.wrappers import Request

from shared.domain.errors import UnauthenticatedError
from shared.domain.governance.release import Actor
from shared.domain.ready import ready


class Caller(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A known caller: its key, the sources it may send as, `*` for any, and what the keyring calls it.

    Attributes:
        person: whose key it is, where the keyring calls it otherwise, as it does when somebody has several.
        kind: whether a person holds it, or a program.
        services: the only services that know it, as a program's key that does one thing; without any, all do.
    """

    key: str
    sources: tuple[str, ...] = ()
    name: str = ""
    person: str = ""
    kind: Literal["person", "service"] = "person"
    services: tuple[str, ...] = ()

    def may_send_as(self, source: str) -> bool:
        """Whether it may send signals as this source."""
        return "*" in self.sources or source in self.sources

    @property
    def actor(self) -> Actor:
        """Who it is, whichever of their keys they use."""
        return Actor(self.person or self.name, is_person=self.kind == "person")

    @property
    def allowed_sources(self) -> frozenset[str] | None:
        """The sources it may name, None for any."""
        return None if "*" in self.sources else frozenset(self.sources)


class Keyring:
    """The callers of an endpoint."""

    def __init__(self, secret: str | bytes, *, beacons: bool = True, service: str = "") -> None:
        """Read callers from the JSON of a secret: `{"name": {"key": "…", "sources": ["…"]}}`. Without `beacons` a key
        in an address, which logs keep, is none. A key that names services is known to a `service` among them only.

        Raises:
            ValueError: it is not of that form; its content is not repeated.
        """
        try:
            callers = msgspec.json.decode(secret, type=ready(dict[str, Caller]))
        except msgspec.MsgspecError:
            raise ValueError('expected JSON such as {"web": {"key": "…", "sources": ["segment"]}}') from None
        self._beacons = beacons
        self._callers = {
            hashlib.sha256(caller.key.encode()).digest(): msgspec.structs.replace(caller, name=name)
            for name, caller in callers.items()
            if not caller.services or service.removeprefix("kairos-") in caller.services
        }

    def caller(self, request: Request) -> Caller:
        """Who sent a request: key from `x-api-key`, a bearer token, the user name of basic authentication (as CDPs
        send their write key), or, for browsers' beacons that can set no header, the `key` parameter.

        Raises:
            UnauthenticatedError: no key, or none that is known.
        """
        keys = presented(request, "key" if self._beacons else "")
        if not keys:
            beacon = ", or as ?key= from a beacon" if self._beacons else ""
            raise UnauthenticatedError(f"send your key as x-api-key or as a bearer token{beacon}")
        caller = self.known(keys)
        if caller is None:
            raise UnauthenticatedError("this key is not known here")
        return caller

    def known(self, keys: Iterable[str]) -> Caller | None:
        """Whose one of these keys is, None where none is known."""
        for key in keys:
            # found by its digest, of which nobody who guesses keys can choose a byte
            caller = self._callers.get(hashlib.sha256(key.encode()).digest())
            if caller is not None:
                return caller
        return None


def presented(request: Request, parameter: str = "") -> list[str]:
    """Every key that a request presents in its headers and, where one is named, in a parameter of its address."""
    environ = request.environ  # where there is nothing to parse, nothing is: this is asked of every request
    key = environ.get("HTTP_X_API_KEY")
    keys = [key] if key else []
    if parameter and environ.get("QUERY_STRING") and (key := request.args.get(parameter)):
        keys.append(key)
    if "HTTP_AUTHORIZATION" in environ and (authorization := request.authorization) is not None:
        key = authorization.username if authorization.type == "basic" else authorization.token
        if key:
            keys.append(key)
    return keys


def matches(request: Request, token: str, parameter: str) -> bool:
    """Whether a request presents exactly this token."""
    return any(hmac.compare_digest(key.encode(), token.encode()) for key in presented(request, parameter))
