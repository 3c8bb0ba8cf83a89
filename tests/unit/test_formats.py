"""Formats read real payloads as written down, and refuse what does not fit by the name of its field."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.ingest.formats import RawSignal, formats_of
from shared import authoring
from shared.domain.errors import InvalidError
from shared.domain.normalising.raw import snake_case
from shared.domain.signal import ConsentChange

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "catalogue" / "samples"
CORPORA = ROOT.parent / "shared" / "data" / "payloads"
FORMATS = formats_of(authoring.load(ROOT / "catalogue").catalogue)
EXAMPLES = {
    file.stem: [json.dumps(e["given"]) for e in yaml.safe_load(file.read_text(encoding="utf-8"))["examples"]]
    for file in sorted((ROOT / "catalogue" / "examples").glob("*.yaml"))
}
EXPECTED = yaml.safe_load((Path(__file__).parent / "test_formats_expected.yaml").read_text(encoding="utf-8"))

SEGMENT: dict[str, Any] = {"type": "track", "event": "Order Completed", "userId": "u1"}
XDM: dict[str, Any] = {"timestamp": "2026-03-01T09:30:00Z", "identityMap": {"ECID": [{"id": "1"}]}}
CANONICAL: dict[str, Any] = {"type": "page_viewed", "identifiers": {"customer_no": "C000001"}}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def expectation(case: dict[str, Any]) -> RawSignal:
    at = case.get("at")
    return RawSignal(
        id=case.get("id"),
        type=case["type"],
        at=None if at is None else at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC),
        source=case.get("source"),
        identifiers=case["identifiers"],
        further={name: tuple(values) for name, values in case.get("further", {}).items()},
        brand=case.get("brand"),
        context=case.get("context", {}),
        properties=case.get("properties", {}),
        consent=tuple(ConsentChange(**change) for change in case.get("consent", ())),
    )


@pytest.mark.parametrize("case", EXPECTED, ids=lambda case: case.get("payload", case["type"]))
def test_a_payload_is_read_as_written_down(case: dict[str, Any]) -> None:
    payload = case["given"] if "given" in case else json.loads((SAMPLES / case["payload"]).read_bytes())
    form = case["format"] if "format" in case else case["payload"].partition("/")[0]
    before = json.dumps(payload)
    assert FORMATS[form].read(payload) == expectation(case)
    assert json.dumps(payload) == before, "reading changes nothing"


@pytest.mark.parametrize(
    ("form", "payload", "field", "detail"),
    [
        ("canonical", [], "", "expected an object, got an array"),
        ("canonical", {"identifiers": {}}, "type", "is missing"),
        ("canonical", {"type": "page_viewed"}, "identifiers", "is missing"),
        ("canonical", CANONICAL | {"type": 3}, "type", "Expected `str`, got `int`"),
        ("canonical", CANONICAL | {"type": "Page Viewed"}, "type", "did you mean `page_viewed`?"),
        ("canonical", CANONICAL | {"type": ""}, "type", "lower snake case"),
        ("canonical", CANONICAL | {"type": "a" * 65}, "type", "1 to 64"),
        ("canonical", CANONICAL | {"at": True}, "at", "expected a time"),
        ("canonical", CANONICAL | {"at": "yesterday"}, "at", "neither ISO 8601"),
        ("canonical", CANONICAL | {"at": "0001-01-01T00:00:00+14:00"}, "at", "outside the years"),
        ("canonical", CANONICAL | {"id": ""}, "id", "is empty"),
        ("canonical", CANONICAL | {"source": "Web"}, "source", "1 to 64"),
        ("canonical", CANONICAL | {"properties": [1]}, "properties", "Expected `object | null`, got `array`"),
        ("canonical", CANONICAL | {"consent": {"marketing": "yes"}}, "consent.marketing", "expected true, false"),
        ("canonical", CANONICAL | {"consent": {"marketing": {"sms": 1}}}, "consent.marketing.sms", "got a number"),
        ("segment", "track", "", "expected an object, got text"),
        ("segment", {"type": "click", "userId": "u1"}, "type", "is not one of alias, group, identify"),
        ("segment", {"userId": "u1"}, "type", "is missing; it is one of alias, group"),
        ("segment", {"type": "track", "userId": "u1"}, "event", "is missing"),
        ("segment", SEGMENT | {"event": 7}, "event", "expected text, got a number"),
        ("segment", SEGMENT | {"event": "注文完了"}, "event", "no letter or digit of ASCII"),
        ("segment", SEGMENT | {"timestamp": "2015-2-02T00:30:08.276Z"}, "timestamp", "is no time"),
        ("segment", SEGMENT | {"originalTimestamp": {}}, "originalTimestamp", "expected a time"),
        ("segment", SEGMENT | {"properties": "none"}, "properties", "expected an object, got text"),
        ("segment", SEGMENT | {"context": []}, "context", "expected an object, got an array"),
        ("segment", SEGMENT | {"messageId": ["m"]}, "messageId", "expected text, got an array"),
        (
            "segment",
            SEGMENT | {"context": {"consent": {"categoryPreferences": {"Marketing": "perhaps"}}}},
            "context.consent.categoryPreferences.Marketing",
            "is no word of consent",
        ),
        ("adobe-xdm", None, "", "expected an object, got null"),
        ("adobe-xdm", {"identityMap": {}}, "timestamp", "this is no ExperienceEvent"),
        ("adobe-xdm", XDM | {"timestamp": "yesterday"}, "timestamp", "is no time"),
        ("adobe-xdm", XDM | {"eventType": {}}, "eventType", "expected text, got an object"),
        ("adobe-xdm", XDM | {"identityMap": []}, "identityMap", "expected an object"),
        ("adobe-xdm", XDM | {"identityMap": {"ECID": {"id": "1"}}}, "identityMap.ECID", "expected an array"),
        ("adobe-xdm", XDM | {"identityMap": {"ECID": [{}]}}, "identityMap.ECID[0]", "with an id"),
        ("adobe-xdm", XDM | {"endUserIDs": {"mcid": {}}}, "endUserIDs.mcid", "with an id"),
        ("adobe-xdm", XDM | {"consents": {"marketing": 1}}, "consents.marketing", "expected an object"),
        ("adobe-xdm", {"body": {"xdmEntity": 1}}, "body.xdmEntity", "expected an object"),
    ],
)
def test_what_does_not_fit_is_refused_by_the_name_of_its_field(form, payload, field, detail) -> None:
    with pytest.raises(InvalidError) as refused:
        FORMATS[form].read(payload)
    assert refused.value.field == field
    assert detail in refused.value.detail


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Order Completed", "order_completed"),
        ("orderCompleted", "order_completed"),
        ("conversation.turn", "conversation_turn"),
        ("HTTPRequest sent!", "http_request_sent"),
        ("  Café - Ordered ", "cafe_ordered"),
        ("a" * 70, "a" * 64),
    ],
)
def test_an_events_name_becomes_a_type(name: str, snake: str) -> None:
    assert snake_case(name, "event") == snake


def test_identities_of_the_old_shape_nest_by_solution() -> None:
    old = {"_experience": {"mcid": {"id": "1", "namespace": {"code": "ECID"}}, "aaid": {"@id": "2"}}}
    raw = FORMATS["adobe-xdm"].read({"eventType": "x", "endUserIDs": old})
    assert raw.identifiers == {"ECID": "1", "aaid": "2"}


def test_old_and_new_spellings_of_an_xdm_event_are_read_alike() -> None:
    new = {"_id": "e", "timestamp": "2026-03-01T09:30:00Z", "eventType": "a.b", "identityMap": {"ECID": [{"id": "1"}]}}
    old = {f"xdm:{name}" if name != "_id" else "@id": value for name, value in new.items()}
    old["xdm:identityMap"] = {"ECID": [{"xdm:id": "1"}]}
    assert FORMATS["adobe-xdm"].read(old) == FORMATS["adobe-xdm"].read(new)


@pytest.mark.parametrize("written", ["2026-03-01T09:30:00", "2026-03-01T10:30:00+01:00", 1772357400, "1772357400000"])
def test_an_xdm_event_has_its_time_in_any_spelling(written: object) -> None:
    at = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    told = XDM | {"timestamp": written, "consents": {"marketing": {"email": {"val": "n", "time": written}}}}
    raw = FORMATS["adobe-xdm"].read(told)
    assert raw.at == at
    assert raw.consent == (ConsentChange(purpose="marketing", channel="email", granted=False, at=at),)


def test_a_prefix_stays_where_the_bare_name_is_taken() -> None:
    raw = FORMATS["adobe-xdm"].read(XDM | {"a": 1, "xdm:a": 2, "xdm:": 3})
    assert raw.properties == {"a": 1, "xdm:a": 2, "xdm:": 3}


@pytest.mark.parametrize(("form", "folder"), [("segment", "segment_spec"), ("adobe-xdm", "adobe_xdm")])
def test_every_payload_of_a_corpus_is_read_or_refused(form: str, folder: str) -> None:
    files = [*(SAMPLES / form).glob("*.json"), *(CORPORA / folder).rglob("*.json")]
    assert files
    read = 0
    for file in files:
        value = json.loads(file.read_bytes())
        for payload in value if isinstance(value, list) else value.get("batch", [value]):
            try:
                FORMATS[form].read(payload)
            except InvalidError:
                continue
            read += 1
    assert read >= len(list((SAMPLES / form).glob("*.json")))


@pytest.mark.parametrize("form", FORMATS)
@given(value=json_values)
def test_any_value_is_read_or_refused(form: str, value: Any) -> None:
    for payload in (value, CANONICAL | {"at": value, "consent": value}, SEGMENT | {"context": value, "traits": value}):
        try:
            FORMATS[form].read(payload)
        except InvalidError:
            continue


@pytest.mark.parametrize("form", EXAMPLES)
@settings(max_examples=40)
@given(data=st.data())
def test_an_example_with_anything_in_any_place_is_read_or_refused(form: str, data: st.DataObject) -> None:
    given_body = json.loads(data.draw(st.sampled_from(EXAMPLES[form])))
    held: Any = given_body
    while True:
        key = data.draw(st.sampled_from(sorted(held) if isinstance(held, dict) else range(len(held))))
        if not isinstance(held[key], dict | list) or not held[key] or data.draw(st.booleans()):
            break
        held = held[key]
    held[key] = data.draw(json_values)
    batch = FORMATS[form].batch
    for item in given_body if isinstance(given_body, list) else [given_body]:
        events = item.get(batch.items) if batch and isinstance(item, dict) else None
        for payload in [item, *(events if isinstance(events, list) else [])]:
            try:
                raw = FORMATS[form].read(payload)
            except InvalidError:
                continue
            assert raw.at is None or raw.at.tzinfo == UTC
            assert raw.type


@given(
    field=st.sampled_from(["timestamp", "eventType", "identityMap", "endUserIDs", "consents", "device", "body", "_id"]),
    value=json_values,
)
def test_any_value_in_an_xdm_event_is_read_or_refused(field: str, value: Any) -> None:
    try:
        raw = FORMATS["adobe-xdm"].read({"eventType": "a", "body": {"xdmEntity": XDM}} | {field: value})
    except InvalidError:
        return
    assert raw.at is None or raw.at.utcoffset() == datetime.now(UTC).utcoffset()


@pytest.mark.parametrize(
    "at",
    [
        "2026-03-01T09:30:00Z",
        "2026-03-01T10:30:00+01:00",
        "2026-03-01T09:30:00",
        1772357400,
        1772357400000,
        1772357400000000,
        "1772357400",
    ],
)
def test_a_canonical_time_is_taken_as_senders_write_it(at):
    assert FORMATS["canonical"].read(CANONICAL | {"at": at}).at == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ["canonical", "adobe-xdm"])
def test_texts_are_read_as_what_is_declared_of_them_in_every_format(name):
    told = {"amount": "12.50", "note": "7"}
    ours = {"type": "card_payment_made", "identifiers": {}, "context": {"authenticated": "yes"}, "properties": told}
    xdm = {"eventType": "cardPaymentMade", **told}

    signal = FORMATS[name].read(ours if name == "canonical" else xdm)

    assert (signal.properties["amount"], signal.properties["note"]) == (12.5, "7")
    assert signal.context == ({"authenticated": True} if name == "canonical" else {})


def test_a_text_that_is_no_number_stays_what_it_was():
    ours = {"type": "card_payment_made", "identifiers": {}, "properties": {"amount": "much"}}

    assert FORMATS["canonical"].read(ours).properties == {"amount": "much"}
