"""Keys: who is calling, however they present their key."""

from __future__ import annotations

import base64
import json

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from shared.domain.errors import UnauthenticatedError
from shared.runtime.keys import Keyring, matches

CALLERS = {
    "web": {"key": "the key of the web", "sources": ["segment"]},
    "ours": {"key": "clé ☕", "sources": ["*"]},
    "reader": {"key": "a third"},
}
RING = Keyring(json.dumps(CALLERS))


def request(**options):
    return Request(EnvironBuilder(path="/", **options).get_environ())


def basic(name):
    return {"authorization": "Basic " + base64.b64encode(f"{name}:".encode()).decode()}


@pytest.mark.parametrize(
    "options",
    [
        {"headers": {"x-api-key": "the key of the web"}},
        {"headers": {"authorization": "Bearer the key of the web"}},
        {"headers": basic("the key of the web")},
        {"query_string": {"key": "the key of the web"}},
        {"headers": {"x-api-key": "wrong"}, "query_string": {"key": "the key of the web"}},
    ],
    ids=["header", "bearer", "basic", "parameter", "one of two"],
)
def test_a_known_key_says_who_calls(options):
    caller = RING.caller(request(**options))

    assert caller.allowed_sources == frozenset({"segment"})
    assert caller.may_send_as("segment")
    assert not caller.may_send_as("adobe-xdm")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"headers": {"x-api-key": ""}},
        {"headers": {"x-api-key": "the key of the we"}},
        {"headers": {"x-api-key": "web"}},
        {"headers": {"authorization": "Bearer"}},
        {"headers": {"authorization": "Basic !!!"}},
        {"headers": {"authorization": "Digest username=x"}},
        {"headers": {"authorization": "nonsense"}},
        {"query_string": {"key": "ü" * 1000}},
    ],
)
def test_no_key_or_none_that_is_known_is_refused_without_repeating_it(options):
    with pytest.raises(UnauthenticatedError) as refused:
        RING.caller(request(**options))

    assert "the key of the we" not in str(refused.value)


def test_an_operators_key_in_an_address_is_none():
    operators = Keyring(json.dumps(CALLERS), beacons=False)

    assert operators.caller(request(headers={"x-api-key": "the key of the web"}))
    with pytest.raises(UnauthenticatedError, match=r"as x-api-key or as a bearer token$"):
        operators.caller(request(query_string={"key": "the key of the web"}))


def test_a_key_that_names_services_is_known_to_them_only():
    secret = json.dumps({"learn": {"key": "k", "kind": "service", "services": ["records"]}, "ada": {"key": "a"}})

    for service, known in (("kairos-records", True), ("records", True), ("privacy", False), ("", False)):
        operators = Keyring(secret, beacons=False, service=service)
        assert (operators.known(["k"]) is not None) == known
        assert operators.known(["a"]) is not None


def test_a_key_may_be_any_text():
    caller = RING.caller(request(query_string={"key": "clé ☕"}))

    assert caller.may_send_as("anything")
    assert caller.allowed_sources is None


def test_who_names_no_source_may_send_as_none():
    caller = RING.caller(request(headers={"x-api-key": "a third"}))

    assert caller.allowed_sources == frozenset()
    assert not caller.may_send_as("segment")


@pytest.mark.parametrize(
    "secret",
    ["", "not JSON", "[]", '{"web": "k"}', '{"web": {}}', '{"web": {"key": 1}}', '{"web": {"key": "k", "sorces": []}}'],
)
def test_a_secret_that_is_none_is_refused_without_its_content(secret):
    with pytest.raises(ValueError, match=r"expected JSON such as") as refused:
        Keyring(secret)

    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    ("token", "matching"), [("right", True), ("righ", False), ("right ", False), ("", False), ("rïght", False)]
)
def test_a_token_is_that_token_and_no_other(token, matching):
    assert matches(request(query_string={"token": token}), "right", "token") == matching
    assert not matches(request(query_string={"other": token}), "right", "token")


def test_a_token_beyond_ascii_is_compared_too():
    assert matches(request(query_string={"token": "clé"}), "clé", "token")
