"""Texts of a content service: kept as it says, old ones where it fails, and the template's own where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
import pytest
from markupsafe import Markup

from emulators.provider import Behaviour
from emulators.sandbox import Server
from shared.adapters.channels.egress import Egress
from shared.adapters.channels.fragments import HttpFragments
from shared.domain.catalogue import Fragment
from shared.domain.content import render
from shared.domain.errors import PermanentError
from tests.fault.world import bank_revision
from tests.served import served
from tests.unit.domain.situations import person

SERVICE = bank_revision().content_services["fragments"]
ISA = Fragment(service="fragments", path="northmoor/cash-isa")
HOST = "publish.northmoor.example"


@dataclass
class Told:
    """A service that answers as told, and the clock."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"properties": {"elements": {"headline": {"value": "One"}, "main": {"value": "<b>x</b>"}}}}'
    asked: list[dict[str, str]] = field(default_factory=list)
    now: float = 0.0
    address: str = ""

    def fragments(self) -> HttpFragments:
        return HttpFragments(Egress({HOST: self.address}), monotonic=lambda: self.now)


@pytest.fixture
def told() -> Iterator[Told]:
    service = Told()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            headers = {k.lower(): v for k, v in self.headers.items()}
            service.asked.append({"path": self.path, **headers})
            known = service.headers.get("etag") == headers.get("if-none-match", "-")
            body = b"" if known else service.body
            self.send_response(304 if known else service.status)
            for name, value in service.headers.items():
                self.send_header(name, value)
            if not known:
                self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: Any) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        service.address = f"http://127.0.0.1:{server.server_port}"
        yield service


def test_an_answer_is_kept_for_as_long_as_it_says_and_asked_for_again_by_its_etag(told):
    told.headers = {"cache-control": "public, max-age=60", "etag": '"1"'}
    ask = told.fragments()

    first = ask(SERVICE, ISA, "en")
    told.now = 59
    assert ask(SERVICE, ISA, "en") == first == {"headline": "One", "main": Markup("<b>x</b>")}
    assert len(told.asked) == 1
    told.now, told.body = 61, b"never read"
    assert ask(SERVICE, ISA, "en") == first
    assert told.asked[1]["if-none-match"] == '"1"'
    assert told.asked[1]["path"] == "/api/assets/en/northmoor/cash-isa"
    ask(SERVICE, ISA, "cy")
    assert told.asked[2]["path"] == "/api/assets/cy/northmoor/cash-isa"


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"{}"), (302, b""), (200, b"garbage"), (200, b"[]"), (200, b"x" * 300_000), (200, b"{}")]
)
def test_where_the_service_fails_an_old_answer_serves_for_a_time_and_then_none(told, status, body):
    told.headers = {"cache-control": "max-age=10, stale-if-error=100"}
    ask = told.fragments()
    good = ask(SERVICE, ISA, "en")
    told.status, told.body, told.headers = status, body, {}

    told.now = 11
    assert ask(SERVICE, ISA, "en") == good
    told.now = 12
    assert ask(SERVICE, ISA, "en") == good
    assert len(told.asked) == 2  # it is left alone for some seconds
    told.now = 200
    assert ask(SERVICE, ISA, "en") == {}


def test_a_service_that_is_not_there_or_has_none_is_no_error(told):
    told.status = 404
    ask = told.fragments()
    assert ask(SERVICE, ISA, "en") == ask(SERVICE, ISA, "en") == {}
    assert len(told.asked) == 1
    told.address = "http://127.0.0.1:1"
    assert told.fragments()(SERVICE, ISA, "en") == {}
    assert HttpFragments(Egress(resolve=lambda _host, _port: ["10.0.0.1"]))(SERVICE, ISA, "en") == {}


def test_what_is_kept_is_bounded(told, monkeypatch):
    monkeypatch.setattr("shared.adapters.channels.fragments.MOST_KEPT", 3)
    told.address = "http://127.0.0.1:1"
    ask = told.fragments()
    for number in range(5):
        ask(SERVICE, msgspec.structs.replace(ISA, path=f"p/{number}"), "en")
    assert len(ask._kept) == 3


def test_a_treatment_says_what_the_sandbox_has_and_what_it_says_itself_where_that_fails():
    bank = bank_revision()
    with served(Server(0, [], logs=False)) as server:
        egress = Egress({HOST: f"http://127.0.0.1:{server.server_port}"})
        treatment = bank.treatment("northmoor_cash_isa.web_hero")
        shown = render(bank, *treatment, person(), fragments=HttpFragments(egress))
        assert shown["headline"].startswith("Interest without tax")
        assert shown["body"].startswith("<p>A cash ISA")
        for mode in ("fail", "malformed"):
            server.provider.behave(Behaviour(channel="content", mode=mode))
            shown = render(bank, *treatment, person(), fragments=HttpFragments(egress))
            assert shown["headline"] == "Your savings, free of tax"


def test_what_a_service_says_again_and_again_is_given_up_on_the_way():
    bank = bank_revision()
    action, treatment = bank.treatment("northmoor_cash_isa.web_hero")
    again = msgspec.structs.replace(treatment, content={"body": "{{ fragment.text | default('') }}" * 1000})

    with pytest.raises(PermanentError, match="becomes more than 500000 characters"):
        render(bank, action, again, person(), fragments=lambda *_: {"text": "a" * 60_000})
