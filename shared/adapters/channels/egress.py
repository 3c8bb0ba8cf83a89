"""The way out: connections go to hosts that a connector declares, at addresses of the public internet, nowhere else.

A name is resolved once for each connection, every address that it has is looked at, and the connection is made to the
address that was looked at: a name that means something else a moment later leads nowhere.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as NotInTimeError
from functools import partial
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from shared.adapters.daemons import Daemons
from shared.domain.errors import NotTakenError, PermanentError

Resolve = Callable[[str, int], Sequence[str]]
"""The addresses of a host."""

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_RELAYS = ipaddress.ip_network("192.88.99.0/24")
_ISATAP, _LOCALLY = 0x5EFE, 0x0200_0000
_AT_ONCE = 4
"""Names looked up at the same time."""


Security = Literal["none", "tls", "starttls"]
"""How a connection is encrypted: not at all, from its first byte, or once both sides have greeted."""

_SCHEMES: Mapping[str, Security] = {
    "http": "none",
    "https": "tls",
    "smtp": "none",
    "smtp+starttls": "starttls",
    "smtps": "tls",
}


class Way(NamedTuple):
    """Where to connect for a host: an address, a port, and how encrypted."""

    address: str
    port: int
    security: Security


class ForbiddenAddressError(PermanentError):
    """A host has an address that is none of the public internet."""


def is_public(text: str) -> bool:
    """Whether an address is one of the public internet: none of this host, this network or a cloud's metadata, and
    none of IPv6 that leads to an address of IPv4, whichever.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        within = (address.ipv4_mapped, address.sixtofour, address.teredo, address.scope_id)
        if any(each is not None for each in within) or address in _NAT64 or address.is_site_local:
            return False
        if (int(address) >> 32) & 0xFFFF_FFFF & ~_LOCALLY == _ISATAP:
            return False
    elif address in _RELAYS:
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    )


def system_addresses(host: str, port: int) -> Sequence[str]:
    """The addresses that this system's resolver knows of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]


class Egress:
    """Finds the way to declared hosts."""

    def __init__(self, stand_ins: Mapping[str, str] | None = None, resolve: Resolve = system_addresses) -> None:
        """Take `stand_ins` in the place of hosts: `{"api.provider.example": "http://127.0.0.1:9000"}`; the scheme, of
        http, https, smtp, smtp+starttls and smtps, says how the stand-in is spoken to.
        Whoever runs the platform names them, in its environment: a laptop's sandbox, a mail relay of one's own network.
        Nothing that a catalogue says can.

        Raises:
            ValueError: a stand-in is no address.
        """
        self._stand_ins = {host: _stand_in(address) for host, address in (stand_ins or {}).items()}
        self._resolve = resolve
        self._free = threading.Semaphore(_AT_ONCE)
        self._daemons = Daemons("names")

    def way(self, host: str, port: int, *, security: Security, seconds: float) -> Way:
        """Where to connect for a host, found within some seconds.

        Raises:
            ForbiddenAddressError: one of its addresses is none of the public internet.
            NotTakenError: its name is not known just now.
        """
        if host in self._stand_ins:
            return self._stand_ins[host]
        try:
            addresses = self._addresses(host, port, seconds)
        except (OSError, UnicodeError, NotInTimeError) as error:
            raise NotTakenError(f"the name {host} was not resolved: {error!r}") from error
        if not addresses:
            raise NotTakenError(f"the name {host} has no address")
        if refused := [each for each in addresses if not is_public(each)]:
            raise ForbiddenAddressError(f"{host} has the address {refused[0]}, which is none of the public internet")
        return Way(addresses[0], port, security)

    def _addresses(self, host: str, port: int, seconds: float) -> Sequence[str]:
        """What a host resolves to; who resolves cannot be told to end sooner, and is left to it."""
        until = time.monotonic() + seconds
        if not self._free.acquire(timeout=max(seconds, 0.0)):
            raise NotInTimeError
        found = self._daemons.submit(partial(self._resolve, host, port), self._free)
        return found.result(timeout=max(until - time.monotonic(), 0.0))


def _stand_in(address: str) -> Way:
    parts = urlsplit(address)
    if parts.scheme not in _SCHEMES or not parts.hostname or not parts.port:
        raise ValueError(f"{address!r} is no address with a scheme of {', '.join(_SCHEMES)}, a host and a port")
    return Way(parts.hostname, parts.port, _SCHEMES[parts.scheme])
