"""The way out leads to addresses of the public internet and nowhere else, whatever a name means."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.channels.egress import Egress, ForbiddenAddressError, is_public
from shared.adapters.channels.exchange import Exchange
from shared.domain.errors import NotTakenError, TransientError

PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",  # the metadata server of every cloud
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "::ffff:8.8.8.8",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "fc00::1",
    "fd20:ce::254",  # Google's metadata server by IPv6
    "2600::5efe:10.0.0.1",
    "2600::200:5efe:10.0.0.1",
    "192.88.99.1",
    "64:ff9b:1::7f00:1",
    "::127.0.0.1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "localhost",
    "2130706433",
    "0x7f.1",
    "",
]
PUBLIC = ["8.8.8.8", "151.101.1.1", "2606:4700::1111"]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_no_address_of_the_public_internet(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is(address):
    assert is_public(address)


def wrapped(inner: ipaddress.IPv4Address) -> list[str]:
    """The addresses of IPv6 that lead to one of IPv4."""
    number = int(inner)
    return [
        str(ipaddress.IPv6Address(base | number << shift))
        for base, shift in ((0xFFFF << 32, 0), (0x64_FF9B << 96, 0), (0x2002 << 112, 80))
    ]


@given(st.ip_addresses(v=4))
def test_no_address_of_ipv6_leads_to_one_of_ipv4(inner):
    assert not any(map(is_public, wrapped(inner)))


@given(st.lists(st.sampled_from([*PUBLIC[:3], "10.0.0.1", "127.0.0.1", "fd00::1"]), min_size=1, max_size=5))
def test_one_bad_address_spoils_a_name(addresses):
    egress = Egress(resolve=lambda _host, _port: addresses)
    if all(map(is_public, addresses)):
        assert egress.way("api.any.example", 443, security="tls", seconds=1).address == addresses[0]
    else:
        with pytest.raises(ForbiddenAddressError, match=r"api\.any\.example"):
            egress.way("api.any.example", 443, security="tls", seconds=1)


def test_what_goes_to_a_name_that_nobody_knows_is_not_taken():
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror("unknown")

    for resolve in (unknown, lambda _host, _port: []):
        with pytest.raises(NotTakenError):
            Egress(resolve=resolve).way("api.any.example", 443, security="tls", seconds=1)


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch):
    """A name that means something else a moment later leads nowhere."""
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    connected: list[Any] = []

    def connect(address, timeout):
        connected.append(address)
        raise OSError("no network here")

    monkeypatch.setattr(socket, "create_connection", connect)
    exchange = Exchange(Egress(resolve=lambda _host, _port: next(answers)))
    with pytest.raises(TransientError):
        exchange("POST", "https://api.any.example/x", {}, b"", 1)
    with pytest.raises(ForbiddenAddressError):
        exchange("POST", "https://api.any.example/x", {}, b"", 1)
    assert connected == [("8.8.8.8", 443)]


@pytest.mark.parametrize("address", ["127.0.0.1:9000", "ftp://127.0.0.1:21", "http://127.0.0.1", "http://:80", ""])
def test_a_stand_in_is_an_address(address):
    with pytest.raises(ValueError, match="scheme"):
        Egress({"api.any.example": address})
