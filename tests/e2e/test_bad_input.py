"""Bad input: a precise answer that names index and field, the good items taken, and nothing told that is not the
caller's.
"""

from __future__ import annotations

import base64
import gzip
import json
import uuid
from typing import Any, NamedTuple

import pytest

from tests.e2e.platforms import SEGMENT_KEY, signal

JSON = {"content-type": "application/json"}
GZIP = {**JSON, "content-encoding": "gzip"}
SIGNAL = {"type": "page_viewed", "source": "test", "identifiers": {"customer_no": "C000101"}}
ASK = {"identifiers": {"customer_no": "C000101"}, "channel": "web"}
MIB = 1 << 20


def text(value: Any) -> bytes:
    return json.dumps(value).encode()


class Bad(NamedTuple):
    """A request that is refused as a whole."""

    status: int
    content: bytes | None
    function: str = "ingest"
    path: str = "/v1/signals"
    method: str = "POST"
    headers: dict[str, str] = JSON
    field: str | None = None


REFUSED = {
    "malformed": Bad(400, b"{"),
    "half an array": Bad(400, b"[1, "),
    "two values": Bad(400, b'{"type":"a"} {"type":"b"}'),
    "not UTF-8": Bad(400, b'{"type": "\xff\xfe"}'),
    "binary rubbish": Bad(400, bytes(range(256)) * 8),
    "nothing": Bad(400, b""),
    "only spaces": Bad(400, b" \n\t "),
    "an empty array": Bad(400, b"[]"),
    "501 signals": Bad(413, text([SIGNAL] * 501)),
    "2 MiB": Bad(413, text({**SIGNAL, "properties": {"a": "x" * (2 * MIB)}})),
    "2 MiB of spaces": Bad(413, b" " * (2 * MIB)),
    "a gzip bomb": Bad(413, gzip.compress(b" " * (64 * MIB)), headers=GZIP),
    "no gzip though it says so": Bad(400, text(SIGNAL), headers=GZIP, field="content-encoding"),
    "half a gzip": Bad(400, gzip.compress(text([SIGNAL] * 50))[:-20], headers=GZIP, field="content-encoding"),
    "another encoding": Bad(415, text(SIGNAL), headers={**JSON, "content-encoding": "br"}, field="content-encoding"),
    "XML": Bad(415, b"<a/>", headers={"content-type": "application/xml"}, field="content-type"),
    "a form": Bad(415, b"a=1", headers={"content-type": "application/x-www-form-urlencoded"}, field="content-type"),
    "no content type": Bad(415, text(SIGNAL), headers={}, field="content-type"),
    "deep nesting": Bad(400, b"[" * 100_000 + b"]" * 100_000),
    "an unknown source": Bad(404, text(SIGNAL), path="/v1/sources/nope"),
    "a source with odd characters": Bad(404, text(SIGNAL), path="/v1/sources/..%2f..%2fetc"),
    "an unknown path": Bad(404, text(SIGNAL), path="/v2/signals"),
    "the wrong method": Bad(405, None, method="GET"),
    "a method that nothing takes": Bad(405, None, method="DELETE", path="/v1/sources/segment"),
    "decide: malformed": Bad(400, b"{", "decide", "/v1/decisions"),
    "decide: a list": Bad(400, b"[]", "decide", "/v1/decisions"),
    "decide: nobody": Bad(400, text({**ASK, "identifiers": {}}), "decide", "/v1/decisions", field="identifiers"),
    "decide: no channel": Bad(400, text({"identifiers": {"customer_no": "C000101"}}), "decide", "/v1/decisions"),
    "decide: an unknown channel": Bad(400, text({**ASK, "channel": "fax"}), "decide", "/v1/decisions", field="channel"),
    "decide: a channel that does not ask": Bad(
        400, text({**ASK, "channel": "email"}), "decide", "/v1/decisions", field="channel"
    ),
    "decide: an unknown placement": Bad(
        400,
        text({**ASK, "placements": [{"id": "web.home.hero"}, {"id": "web.footer"}]}),
        "decide",
        "/v1/decisions",
        field="placements[1].id",
    ),
    "decide: a placement twice": Bad(
        400,
        text({**ASK, "placements": [{"id": "web.home.hero"}, {"id": "web.home.hero"}]}),
        "decide",
        "/v1/decisions",
        field="placements[1].id",
    ),
    "decide: too many": Bad(
        400,
        text({**ASK, "placements": [{"id": "web.home.hero", "count": 21}]}),
        "decide",
        "/v1/decisions",
        field="placements[0].count",
    ),
    "decide: a count of words": Bad(
        400,
        text({**ASK, "placements": [{"id": "web.home.hero", "count": "two"}]}),
        "decide",
        "/v1/decisions",
        field="placements[0].count",
    ),
    "decide: a count beyond counting": Bad(
        400,
        b'{"identifiers":{"customer_no":"C1"},"channel":"web","placements":[{"id":"web.home.hero","count":1e400}]}',
        "decide",
        "/v1/decisions",
    ),
    "decide: an unknown brand": Bad(400, text({**ASK, "brand": "nope"}), "decide", "/v1/decisions", field="brand"),
    "decide: an unknown namespace": Bad(
        400, text({**ASK, "identifiers": {"shoe_size": "43"}}), "decide", "/v1/decisions", field="identifiers.shoe_size"
    ),
    "decide: what identifies nobody": Bad(
        400, text({**ASK, "identifiers": {"customer_no": "undefined"}}), "decide", "/v1/decisions", field="identifiers"
    ),
    "decide: our own id": Bad(
        400,
        text({**ASK, "identifiers": {"person_id": "p-1"}}),
        "decide",
        "/v1/decisions",
        field="identifiers.person_id",
    ),
    "decide: our own id among others": Bad(
        400,
        text({**ASK, "identifiers": {**ASK["identifiers"], "person_id": "p-1"}}),
        "decide",
        "/v1/decisions",
        field="identifiers.person_id",
    ),
    "decide: an identifier that is a list": Bad(
        400,
        text({**ASK, "identifiers": {"customer_no": ["C000101"]}}),
        "decide",
        "/v1/decisions",
        field="identifiers.customer_no",
    ),
    "decide: an unknown field": Bad(400, text({**ASK, "chanel": "web"}), "decide", "/v1/decisions"),
    "decide: a day that is none": Bad(
        400, None, "decide", "/v1/decisions/d-0?day=yesterday", method="GET", field="day"
    ),
    "decide: a day before all history": Bad(
        400, None, "decide", "/v1/decisions/d-0/explanation?day=0001-01-01", method="GET", field="day"
    ),
    "decide: half a surrogate": Bad(
        400, b'{"identifiers": {"customer_no": "\\ud800"}, "channel": "web"}', "decide", "/v1/decisions"
    ),
    "decide: half a surrogate in the context": Bad(
        400,
        b'{"identifiers": {"customer_no": "C000101"}, "channel": "web", "context": {"page": "\\udfff"}}',
        "decide",
        "/v1/decisions",
    ),
    "decide: deep nesting": Bad(
        400,
        b'{"identifiers":{"customer_no":"C000101"},"channel":"web","context":{"a":'
        + b"[" * 100_000
        + b"]" * 100_000
        + b"}}",
        "decide",
        "/v1/decisions",
    ),
    "decide: a context of 33 levels": Bad(
        400,
        text({**ASK, "context": {"page": json.loads("[" * 33 + "]" * 33)}}),
        "decide",
        "/v1/decisions",
        field="context",
    ),
    "decide: 2 MiB": Bad(413, text({**ASK, "context": {"a": "x" * (2 * MIB)}}), "decide", "/v1/decisions"),
    "decide: XML": Bad(415, b"<a/>", "decide", "/v1/decisions", headers={"content-type": "text/xml"}),
    "decide: no such decision": Bad(404, None, "decide", "/v1/decisions/d-nope", method="GET"),
    "decide: an id with odd characters": Bad(404, None, "decide", "/v1/decisions/%00%27%22;--", method="GET"),
    "decide: nothing to explain": Bad(404, None, "decide", "/v1/decisions/d-nope/explanation", method="GET"),
    "decide: the wrong method": Bad(405, None, "decide", "/v1/decisions", method="PUT"),
    "feedback: malformed": Bad(400, b"{", "feedback", "/v1/outcomes"),
    "feedback: nothing": Bad(400, b"[]", "feedback", "/v1/outcomes"),
    "feedback: 501 outcomes": Bad(400, text([{}] * 501), "feedback", "/v1/outcomes"),
    "feedback: deep nesting": Bad(400, b"[" * 100_000 + b"]" * 100_000, "feedback", "/v1/outcomes"),
    "feedback: 2 MiB": Bad(413, b" " * (2 * MIB), "feedback", "/v1/outcomes"),
    "feedback: the wrong method": Bad(405, None, "feedback", "/v1/outcomes", method="GET"),
}


def is_problem(bank, answer, status):
    """The problem that an answer is, having looked that it tells nothing that it should not."""
    assert answer.status_code == status, answer.text
    discreet(bank, answer)
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    return problem


def discreet(bank, answer):
    """Look that an answer carries its trace, and neither code, nor a key, nor a header of the request."""
    assert answer.headers["traceparent"].startswith("00-")
    told = answer.text + str(answer.headers)
    for secret in (*bank.platform.headers["ingest"].values(), SEGMENT_KEY, "x-canary", "a canary sings"):
        assert secret not in told
    for trait in ("Traceback", ".py", 'File "', "werkzeug", "msgspec"):
        assert trait not in answer.text


@pytest.mark.parametrize("bad", REFUSED.values(), ids=REFUSED)
def test_a_request_that_cannot_be_taken_is_a_precise_problem(bank, bad):
    headers = {**bad.headers, "x-canary": "a canary sings"}
    answer = bank.call(bad.function, bad.method, bad.path, content=bad.content, headers=headers)

    problem = is_problem(bank, answer, bad.status)

    if bad.field is not None:
        assert problem["field"] == bad.field


@pytest.mark.parametrize(
    ("function", "path"), [("ingest", "/v1/signals"), ("decide", "/v1/decisions"), ("feedback", "/v1/outcomes")]
)
@pytest.mark.parametrize(
    "key",
    [
        {},
        {"x-api-key": "wrong"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic d3Jvbmc6"},
        {"authorization": "Basic ///"},
        {"authorization": "nonsense"},
        {"x-api-key": "x" * 4_000},
        {"x-api-key": "\u00e9\u00e8"},
    ],
    ids=["none", "unknown", "bearer", "basic", "broken basic", "nonsense", "long", "not ASCII"],
)
def test_without_a_known_key_nothing_is_taken(bank, function, path, key):
    answer = bank.call(function, "POST", path, content=text(SIGNAL), headers={**JSON, **key}, key=False)

    problem = is_problem(bank, answer, 401)

    assert answer.headers["www-authenticate"]
    assert "wrong" not in problem["detail"]


def test_a_key_of_another_source_is_not_enough(bank):
    headers = {**JSON, "x-api-key": SEGMENT_KEY}

    refused = bank.call("ingest", "POST", "/v1/sources/adobe-xdm", content=b"{}", headers=headers, key=False)
    named = bank.call("ingest", "POST", "/v1/signals", content=text([SIGNAL]), headers=headers, key=False)
    taken = bank.call(
        "ingest",
        "POST",
        "/v1/sources/segment",
        content=text({"type": "page", "userId": "C000101", "messageId": str(uuid.uuid4())}),
        headers=headers,
        key=False,
    )

    is_problem(bank, refused, 403)
    is_problem(bank, named, 400)
    assert [item["problem"]["status"] for item in named.json()["rejected"]] == [403]
    assert taken.status_code == 202, taken.text


ITEMS = {
    "a number": (5, None),
    "null": (None, None),
    "an array": ([], None),
    "no identifiers": ({"type": "page_viewed", "source": "test"}, "identifiers"),
    "empty identifiers": ({**SIGNAL, "identifiers": {}}, "identifiers"),
    "identifiers that are a list": ({**SIGNAL, "identifiers": ["C000101"]}, "identifiers"),
    "an unknown namespace": ({**SIGNAL, "identifiers": {"shoe_size": "43"}}, "identifiers.shoe_size"),
    "an identifier that is an object": ({**SIGNAL, "identifiers": {"customer_no": {}}}, "identifiers.customer_no"),
    "an empty identifier": ({**SIGNAL, "identifiers": {"customer_no": " "}}, "identifiers.customer_no"),
    "an endless identifier": ({**SIGNAL, "identifiers": {"customer_no": "C" * 5000}}, "identifiers.customer_no"),
    "our own id": ({**SIGNAL, "identifiers": {"person_id": "p-1"}}, "identifiers.person_id"),
    "no e-mail address": ({**SIGNAL, "identifiers": {"email": "nobody"}}, "identifiers.email"),
    "no type": ({"source": "test", "identifiers": {"customer_no": "C000101"}}, "type"),
    "a type that is a number": ({**SIGNAL, "type": 5}, "type"),
    "a type in capitals": ({**SIGNAL, "type": "Page Viewed"}, "type"),
    "a time that is none": ({**SIGNAL, "at": "yesterday"}, "at"),
    "an unknown brand": ({**SIGNAL, "brand": "nope"}, "brand"),
    "a context that is a list": ({**SIGNAL, "context": []}, "context"),
    "properties that are text": ({**SIGNAL, "properties": "a"}, "properties"),
    "consent that is text": ({**SIGNAL, "consent": {"marketing": "yes"}}, "consent.marketing"),
    "consent to an unknown purpose": ({**SIGNAL, "consent": {"surveillance": True}}, "consent.surveillance"),
    "a huge number": ({**SIGNAL, "properties": {"a": [1, 10**40]}}, "properties.a[1]"),
    "an endless id": ({**SIGNAL, "id": "i" * 300}, "id"),
    "an id that is a list": ({**SIGNAL, "id": []}, "id"),
    "65 KiB": ({**SIGNAL, "properties": {"a": "x" * 65 * 1024}}, None),
}
RAW_ITEMS = {
    "half a surrogate": (
        b'{"type":"a","identifiers":{"customer_no":"C1"},"properties":{"a":"\\ud800"}}',
        "properties.a",
    ),
    "half a surrogate in a name": (b'{"type":"a","identifiers":{"customer_no":"C1"},"properties":{"\\udc00":1}}', None),
    "NUL": (b'{"type":"a","identifiers":{"customer_no":"C\\u0000"}}', "identifiers.customer_no"),
    "infinity": (b'{"type":"a","identifiers":{"customer_no":"C1"},"properties":{"a":1e999}}', "properties.a"),
    "nested 40 deep": (
        b'{"type":"a","identifiers":{"customer_no":"C1"},"properties":{"a":' + b"[" * 40 + b"]" * 40 + b"}}",
        None,
    ),
}
ALL_ITEMS = {**{name: (text(item), field) for name, (item, field) in ITEMS.items()}, **RAW_ITEMS}


@pytest.mark.parametrize(("item", "field"), ALL_ITEMS.values(), ids=ALL_ITEMS)
def test_a_bad_item_is_named_by_index_and_field_and_the_good_ones_are_taken(bank, customer, item, field):
    good = [text(signal("nobody-in-particular")) for _ in range(2)]

    answer = bank.call(
        "ingest", "POST", "/v1/signals", content=b"[" + b",".join([good[0], item, good[1]]) + b"]", headers=JSON
    )
    alone = bank.call("ingest", "POST", "/v1/signals", content=item, headers=JSON)

    assert answer.status_code == 202, answer.text
    discreet(bank, answer)
    assert [accepted["index"] for accepted in answer.json()["accepted"]] == [0, 2]
    [refused] = answer.json()["rejected"]
    assert (refused["index"], refused["problem"]["index"]) == (1, 1)
    assert 400 <= refused["problem"]["status"] < 500
    assert refused["problem"]["detail"]
    if field is not None:
        assert refused["problem"]["field"] == field
    is_problem(bank, alone, 400)
    if item.startswith(b"{"):
        [same] = alone.json()["rejected"]
        assert same["problem"] == {**refused["problem"], "index": 0}


OUTCOMES = {
    "text": ("click", None),
    "nothing": ({}, None),
    "an unknown outcome": ({"outcome": "bought", "delivery_id": "v-" + "0" * 32}, "outcome"),
    "an id that is none": ({"outcome": "click", "delivery_id": "42"}, "delivery_id"),
    "an id with a path": ({"outcome": "click", "delivery_id": "v-/../../" + "0" * 25}, "delivery_id"),
    "a delivery of nobody": ({"outcome": "click", "delivery_id": "v-" + "0" * 32}, "delivery_id"),
    "a time without a zone": (
        {"outcome": "click", "delivery_id": "v-" + "0" * 32, "at": "2026-03-01T10:00:00"},
        "at",
    ),
    "a value of words": ({"outcome": "click", "delivery_id": "v-" + "0" * 32, "value": "much"}, "value"),
    "an unknown field": ({"outcome": "click", "delivery_id": "v-" + "0" * 32, "colour": "red"}, None),
}


@pytest.mark.parametrize(("item", "field"), OUTCOMES.values(), ids=OUTCOMES)
def test_a_bad_outcome_is_named_by_index_and_field(bank, item, field):
    answer = bank.call("feedback", "POST", "/v1/outcomes", json=[item])

    is_problem(bank, answer, 400)
    [refused] = answer.json()["rejected"]
    assert refused["index"] == 0
    assert refused["problem"]["status"] in {400, 404}
    if field is not None:
        assert refused["problem"]["field"] == field


FIELDS = {
    "identity": ("signal.received", b"signal"),
    "eligibility": ("signal.identified", b"signal"),
    "arbitration": ("actions.qualified", b"signal"),
    "suppression": ("actions.ranked", b"signal"),
    "delivery": ("contact.reserved", b"a_field_of_tomorrow"),
    "feedback": ("treatment.delivered", b"a_field_of_tomorrow"),
}
"""What each function takes, and a field of it in which anything may stand."""

PUSHED = tuple(FIELDS)


def envelope(data: bytes, **attributes: str) -> bytes:
    return text({"message": {"data": base64.b64encode(data).decode(), "attributes": attributes}, "subscription": "s"})


@pytest.mark.parametrize("function", PUSHED)
def test_a_push_that_is_rubbish_is_acknowledged_and_parked_with_its_bytes(bank, function):
    mark = uuid.uuid4().hex
    other = "signal.received" if function != "identity" else "treatment.delivered"
    wrong_type = text({"type": other, "mark": mark})
    tag, extra = FIELDS[function]
    deep = (
        text({"type": tag, "mark": mark})[:-1]
        + b',"'
        + extra
        + b'":'
        + b'{"properties":' * 50_000
        + b"0"
        + b"}" * 50_001
    )
    pushes = {
        f"rubbish {mark}".encode() + bytes(range(256)): f"rubbish {mark}".encode() + bytes(range(256)),
        text({"message": {"data": f"*{mark}*"}}): text({"message": {"data": f"*{mark}*"}}),
        text({"message": mark}): text({"message": mark}),
        envelope(f"no JSON {mark}".encode()): f"no JSON {mark}".encode(),
        envelope(b"\xff\x00" + mark.encode(), colour="red"): b"\xff\x00" + mark.encode(),
        envelope(wrong_type): wrong_type,
        envelope(b"[" * 50_000 + mark.encode()): b"[" * 50_000 + mark.encode(),
        envelope(deep): deep,
    }
    for _ in range(2):  # what is pushed again is parked once
        for body in pushes:
            answer = bank.push(function, body)
            assert answer.status_code == 204, answer.text
            assert answer.headers["traceparent"]

    parked = {item.data: item for item in bank.parked() if mark.encode() in item.data}

    assert set(parked) == set(pushes.values())
    assert sum(mark.encode() in item.data for item in bank.parked()) == len(pushes)
    revision = "embedded" if bank.kind == "embedded" else f"{function}-00001-loc"
    for item in parked.values():
        assert (item.function, item.revision, item.kind) == (function, revision, "undecodable")
        assert item.reason
    assert parked[b"\xff\x00" + mark.encode()].attributes == {"colour": "red"}


@pytest.mark.parametrize("function", PUSHED)
def test_a_push_with_the_wrong_token_is_refused_and_not_parked(bank, function):
    mark = uuid.uuid4().hex.encode()

    for path, headers in (("/", {}), ("/?token=wrong", {}), ("/", {"authorization": "Bearer wrong"})):
        answer = bank.call(function, "POST", path, content=mark, headers={**JSON, **headers}, key=False)
        is_problem(bank, answer, 401)

    assert not [item for item in bank.parked() if mark in item.data]
