"""Requests such as nobody should send: what the catalogue and the samples know, bent until it fits no more."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from emulators.samples import load

SAMPLES = Path(__file__).parents[2] / "catalogue" / "samples"
BY_SOURCE = [(sample.source, json.loads(sample.body)) for sample in load(SAMPLES)]
SOURCES = ("signals", "segment", "adobe-xdm", "pages", "payments", "scheduler", "nobody", "")
NAMES = (
    *("id", "type", "at", "source", "brand", "identifiers", "context", "properties", "consent"),
    *("outcome", "delivery_id", "value", "channel", "placements", "customer_no", "email", "person_id", "timestamp"),
)
WORDS = (
    *("", "null", "0", "-0", "NaN", "1e999", "page_viewed", "Page Viewed", "C000001", "northmoor", "web", "email"),
    *("2026-03-01", "2026-03-01T12:00:00Z", "9999-12-31T23:59:59+14:00", "0001-01-01T00:00:00Z", "1700000000"),
    *("\x00", "\ud800", "\u202e", "é" * 300, "x" * 70_000, "{{profile.name}}", "${7*7}", "' or 1=1 --", "../../etc"),
    *("jo@bank.example", "+44 20 7946 0000", "click", "web.home.hero", "marketing", "true"),
)


class Sent(NamedTuple):
    """A request: to which function, and what."""

    function: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


SCALARS = st.one_of(
    st.sampled_from(WORDS),
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from((2**63, -(2**63) - 1, 10**400, 1e308, -0.0, 253402300800, 1700000000000000)),
    st.floats(),
    st.text(max_size=20),
)
NAME = st.one_of(st.sampled_from(NAMES), st.text(max_size=8))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAME, inner, max_size=4), max_leaves=8
)
SIGNALS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(("page_viewed", "application_abandoned", "balance_changed")),
        "identifiers": st.fixed_dictionaries({"customer_no": st.integers(1, 1000).map("C{:06d}".format)}),
    },
    optional={
        "id": st.text(max_size=20),
        "at": st.sampled_from(WORDS),
        "brand": st.sampled_from(("northmoor", "foxglove", "nobody")),
        "context": VALUES,
        "properties": VALUES,
        "consent": VALUES,
    },
)
REQUESTS = st.fixed_dictionaries(
    {
        "identifiers": st.fixed_dictionaries({"customer_no": st.integers(1, 1000).map("C{:06d}".format)}),
        "channel": st.sampled_from(("web", "mobile_app", "call_centre", "email", "nowhere")),
    },
    optional={
        "brand": st.sampled_from(("northmoor", "nobody")),
        "context": VALUES,
        "placements": st.lists(
            st.fixed_dictionaries({"id": st.sampled_from(("web.home.hero", "nowhere"))}, optional={"count": SCALARS}),
            max_size=3,
        ),
    },
)
OUTCOMES = st.fixed_dictionaries(
    {"outcome": st.sampled_from(("click", "impression", "accept", "nothing")), "delivery_id": st.sampled_from(WORDS)},
    optional={"at": st.sampled_from(WORDS), "value": SCALARS, "id": st.text(max_size=8)},
)


def mostly(times: int, *rarely: str) -> st.SearchStrategy[str]:
    """Mostly nothing: as many times as often as each of what is odd."""
    return st.sampled_from(("",) * times + rarely)


@st.composite
def bent(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """Something good in which a few places are taken away, doubled or replaced."""
    value = json.loads(json.dumps(draw(whole)))
    for _ in range(draw(st.sampled_from((0, 1, 1, 2, 3)))):
        value = _bend(draw, value)
    return value


def _bend(draw: st.DrawFn, value: Any) -> Any:
    how = draw(st.sampled_from(("into", "into", "into", "take", "add", "replace")))
    if isinstance(value, dict) and value and how != "replace":
        name = draw(st.sampled_from(sorted(value)))
        if how == "into":
            return {**value, name: _bend(draw, value[name])}
        if how == "take":
            return {other: held for other, held in value.items() if other != name}
        return value | draw(st.dictionaries(NAME, VALUES, max_size=1))
    if isinstance(value, list) and value and how != "replace":
        place = draw(st.integers(0, len(value) - 1))
        return [*value[:place], _bend(draw, value[place]), *value[place + (how == "into") :]]
    return draw(VALUES)


@st.composite
def bodies(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> bytes:
    """The bytes of one or several, some of them cut, changed or no JSON at all."""
    one, several = bent(whole), st.lists(bent(whole), max_size=3)
    value = draw(draw(st.sampled_from((one, one, one, one, several, several, VALUES))))
    data = json.dumps(value, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    match draw(mostly(16, "rubbish", "cut", "spoilt", "deep")):
        case "rubbish":
            return draw(st.binary(max_size=64))
        case "cut":
            return data[: draw(st.integers(0, len(data)))]
        case "spoilt":
            place = draw(st.integers(0, len(data)))
            return data[:place] + draw(st.binary(min_size=1, max_size=3)) + data[place:]
        case "deep":
            return b"[" * draw(st.sampled_from((31, 33, 5000))) + data
    return data


@st.composite
def requests(draw: st.DrawFn, keys: Callable[[str], dict[str, str]]) -> Sent:
    """A request to one of the functions, mostly by a caller who may, mostly as it should be."""
    function, path, body = draw(st.sampled_from(KINDS))(draw)
    headers = {"content-type": "application/json", **keys(function)}
    method = "POST"
    match draw(mostly(24, "type", "packed", "key", "method", "signed", "trace")):
        case "type":
            headers["content-type"] = draw(st.sampled_from(("text/plain", "application/xml", "", "a/b;c=d", "*/*")))
        case "packed":
            headers |= {"content-encoding": "gzip"}
            body = draw(st.sampled_from((gzip.compress(body), gzip.compress(body)[:-4], body)))
        case "key":
            headers |= {"x-api-key": draw(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20))}
        case "method":
            method = draw(st.sampled_from(("GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD")))
        case "signed":
            headers = {"content-type": "application/json", **draw(st.sampled_from(SIGNED))}
        case "trace":
            traces = ("00-0-0-0", "x", "00-" + "0" * 32 + "-" + "0" * 16 + "-01")
            headers |= {"traceparent": draw(st.sampled_from(traces))}
    return Sent(function, method, path, headers, body)


SIGNED = (
    {"webhook-id": "m", "webhook-timestamp": "1700000000", "webhook-signature": "v1,AAAA"},
    {"webhook-id": "m", "webhook-timestamp": "-1", "webhook-signature": "v1,=="},
    {"payments-signature": "t=1,v1=00"},
    {"x-signature": "sha1=zz"},
    {"authorization": "Bearer e30.e30.e30"},
    {"authorization": "Basic Og=="},
    {"origin": "https://www.northmoor.example"},
)


def _to_source(draw: st.DrawFn) -> tuple[str, str, bytes]:
    source, sample = draw(st.sampled_from(BY_SOURCE))
    to = draw(st.sampled_from((source, source, source, *SOURCES)))
    return "ingest", f"/v1/sources/{to}", draw(bodies(st.just(sample)))


def _signals(draw: st.DrawFn) -> tuple[str, str, bytes]:
    return "ingest", "/v1/signals", draw(bodies(SIGNALS))


def _decision(draw: st.DrawFn) -> tuple[str, str, bytes]:
    return (
        "decide",
        "/v1/decisions" + draw(st.sampled_from(("", "?explain=true", "?explain=%00"))),
        draw(bodies(REQUESTS)),
    )


def _outcomes(draw: st.DrawFn) -> tuple[str, str, bytes]:
    return "feedback", "/v1/outcomes", draw(bodies(OUTCOMES))


KINDS = (_to_source, _to_source, _signals, _signals, _decision, _outcomes)
