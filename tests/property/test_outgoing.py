"""No value leaves the place in a connector's text that it was put into."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.catalogue import Answer, HttpConnector
from shared.domain.errors import BouncedError, PermanentError
from shared.domain.outgoing import Understood, filled_headers, raise_unless_sent, request, understood

ANY = st.text(st.characters(exclude_categories=("Cs",)))
CONNECTOR = HttpConnector(
    id="any",
    name="Any",
    url="https://api.any.example/${content.v}/x?q=${content.v}&z=1",
    body={"v": "${content.v}", "in ${content.v}": "a ${content.v} b", "list": ["${content.v}", "${content.gone?}"]},
)
FORM = HttpConnector(
    id="any",
    name="Any",
    url="https://api.any.example/x",
    encoding="form",
    body={"a b": "${content.v}", "c": ["1", "2"]},
)


@given(ANY.filter(lambda value: value not in (".", "..")))
def test_of_an_address_only_its_part_changes(value):
    made = request(CONNECTOR, "v-1", {"content": {"v": value}})
    parts = urlsplit(made.url)
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "api.any.example", "")
    _, inside, rest = parts.path.split("/")
    assert (unquote(inside), rest) == (value, "x")
    assert parse_qsl(parts.query, keep_blank_values=True) == [("q", value), ("z", "1")]
    assert made.url.isascii()
    assert not set(made.url) & set(' \r\n"<>\\')


@pytest.mark.parametrize("value", [".", ".."])
def test_no_value_leads_an_address_upwards(value):
    with pytest.raises(PermanentError, match="another place"):
        request(CONNECTOR, "v-1", {"content": {"v": value}})


@given(ANY.filter(lambda value: value not in (".", "..")))
def test_of_json_and_forms_only_the_value_changes(value):
    said = json.loads(request(CONNECTOR, "v-1", {"content": {"v": value}}).body)
    assert said == {"v": value, "in ${content.v}": f"a {value} b", "list": [value]}
    fields = parse_qsl(request(FORM, "v-1", {"content": {"v": value}}).body.decode(), keep_blank_values=True)
    assert fields == [("a b", value), ("c", "1"), ("c", "2")]


@given(ANY)
def test_a_header_is_one_line_or_none(value):
    try:
        said = filled_headers("any", {"X-V": "a ${content.v}"}, {"content": {"v": value}})
    except PermanentError:
        assert not value.isprintable()
    else:
        assert said == {"X-V": f"a {value}"}
        assert len(said["X-V"].splitlines()) == 1


@given(st.integers(100, 599), st.binary(max_size=40))
def test_any_answer_means_something(status, body):
    declared = HttpConnector(
        id="any",
        name="Any",
        url="https://a.example/",
        answers=(
            Answer(means="bounce", status=("4xx",), body={"a.0.b": 1}, reason="body.a.0.c", reference="header.x"),
        ),
    )
    assert understood(declared, status, {}, body).means in ("sent", "not_taken", "transient", "permanent")
    assert understood(declared, 404, {"x": "7"}, b'{"a": [{"b": 1, "c": "no"}]}') == ("bounce", "7", "no")


def test_an_answer_without_an_end_is_no_json():
    assert understood(CONNECTOR, 202, {}, b"[" * 65_000).means == "sent"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5.1.1 <zoe@b.example>: Recipient address rejected", "5.1.1 … Recipient address rejected"),
        ("The 'To' number +44 7700 900000 is not valid (21211)", "The 'To' number … is not valid (21211)"),
        ("no device " + "a1:" * 30, "no device …"),
    ],
)
def test_what_a_provider_says_of_an_address_is_repeated_without_it(said, kept):
    with pytest.raises(BouncedError) as raised:
        raise_unless_sent(CONNECTOR, Understood("bounce", None, said), "the provider answered 400", None)
    assert str(raised.value) == f"any: the provider answered 400: {kept}"


def test_a_header_beyond_ascii_is_refused():
    declared = HttpConnector(id="any", name="Any", url="https://a.example/", headers={"X-V": "${content.v}"})
    with pytest.raises(PermanentError, match="ASCII"):
        request(declared, "v-1", {"content": {"v": "é"}})


@pytest.mark.parametrize("status", [199, 302, 600])
def test_what_is_no_success_is_none(status):
    assert understood(CONNECTOR, status, {}, b"").means != "sent"
