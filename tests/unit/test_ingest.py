"""Ingest: what is accepted, what is refused and how precisely, and that no personal data gets past it."""

from __future__ import annotations

import hashlib
import json
import re
import time
import tracemalloc
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from functions.ingest.handler import Accepted, Ingest
from shared import authoring
from shared.domain.catalogue import (
    Blocked,
    Catalogue,
    Channel,
    ConsentTerms,
    ModeUse,
    Named,
    Namespace,
    Objection,
    Revision,
    Source,
    Tcf,
    TcfUse,
    Weights,
)
from shared.domain.errors import InvalidError, KairosError, NotFoundError, TransientError
from shared.domain.identifiers import keyed_hash
from shared.domain.personal import Scrubber
from shared.domain.policy.policy import Policy
from shared.domain.signal import ConsentChange, Signal, decision_id
from shared.messages import Publishable, SignalReceived
from shared.runtime.body import MAX_DEPTH, MAX_ITEM_BYTES, MAX_ITEMS, MAX_SHARED_BYTES, MAX_SHOWN, check, decode
from shared.runtime.problems import TooLargeError

KEY = b"k" * 32
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

NAMESPACES = {"customer_no": 100, "person_id": 90, "email_sha256": 60, "phone_sha256": 50, "ecid": 30, "cookie_id": 20}
SEGMENT_MAP = {
    "userId": "customer_no",
    "previousId": "cookie_id",
    "anonymousId": "cookie_id",
    "email": "email_sha256",
    "phone": "phone_sha256",
}
XDM_MAP = {"ECID": "ecid", "CRMID": "customer_no", "Email": "email_sha256", "Phone": "phone_sha256"}
SAMPLE = authoring.load(Path(__file__).parents[2] / "catalogue").catalogue
REVISION = Revision(
    Catalogue(
        name="A bank",
        brands=(Named(id="northmoor", name="Northmoor"), Named(id="foxglove", name="Foxglove")),
        issues=(),
        groups=(),
        exclusions=(),
        profile_schema={},
        context_schema={},
        channels=tuple(
            Channel(id=channel, name=channel, direction="outbound", medium="text", price=0.01)
            for channel in ("email", "sms", "web")
        ),
        namespaces=tuple(Namespace(id=n, kind="person", priority=p) for n, p in NAMESPACES.items()),
        sources=(
            Source(id="signals", name="Canonical", format="canonical"),
            Source(id="scheduler", name="Ours", format="canonical"),
            Source(id="segment", name="Segment", format="segment", identifiers=SEGMENT_MAP),
            Source(id="adobe-xdm", name="XDM", format="adobe-xdm", identifiers=XDM_MAP),
        ),
        weights=Weights(),
        context_weights=(),
        rules=(),
        conditions=(),
        expressions={},
        actions=(),
        consent=ConsentTerms(
            group_wide=("marketing",),
            tcf=Tcf(vendors={"northmoor": 7}, uses=(TcfUse(tcf=(1, 3), purpose="marketing", channels=("web",)),)),
            consent_mode=(ModeUse(signals=("ad_user_data",), purpose="marketing", channels=("web",)),),
            objections=(Objection(word="profiling", flag="objects_to_profiling"),),
        ),
        blocked=Blocked(values=("null",), patterns=("-+",)),
        formats=tuple(form for form in SAMPLE.formats if form.id == "segment"),
    )
)


class OneRevision:
    def __init__(self) -> None:
        self.policy = Policy(REVISION)

    def current(self) -> Policy:
        return self.policy

    def get(self, revision: str) -> Policy:
        return self.policy

    def publish(self, revision: Revision) -> None:
        raise NotImplementedError


class Recorder:
    def __init__(self) -> None:
        self.calls: list[Sequence[Publishable]] = []
        self.fails = False

    def publish(self, messages: Sequence[Publishable]) -> None:
        if self.fails:
            raise TransientError("the topic is away")
        self.calls.append(messages)


class Door:
    """Ingest with a recorder behind it."""

    def __init__(self) -> None:
        self.recorder = Recorder()
        self.ingest = Ingest(OneRevision(), self.recorder, KEY)

    def send(
        self, body: Any, source: str = "signals", *, allowed: frozenset[str] | None = None, now: datetime = NOW
    ) -> Accepted:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ingest(source, data, allowed_sources=allowed, trace=TRACE, now=now)

    def signal(self, body: Any, source: str = "signals", **how: Any) -> Signal:
        answer = self.send(body, source, **how)
        assert not answer.rejected
        return self.messages[-1].signal

    def problem(self, body: Any, source: str = "signals", **how: Any) -> dict[str, Any]:
        answer = self.send(body, source, **how)
        assert not answer.accepted
        return answer.rejected[0].problem

    @property
    def messages(self) -> list[SignalReceived]:
        return [m for call in self.recorder.calls for m in call if isinstance(m, SignalReceived)]

    @property
    def published(self) -> bytes:
        return msgspec.json.encode(self.messages)


@pytest.fixture
def door() -> Door:
    return Door()


def canonical(**fields: Any) -> dict[str, Any]:
    return {"id": "s-1", "type": "page_viewed", "identifiers": {"customer_no": "C000001"}, **fields}


def track(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Order Completed", "userId": "C000001", **fields}


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


# What is accepted


def test_a_signal_is_published_with_ids_that_follow_from_its_own(door: Door) -> None:
    answer = door.send(canonical(at="2026-03-01T11:59:00Z", brand="northmoor", context={"device": "mobile"}))
    decision = decision_id("signals", "s-1")
    assert json.loads(msgspec.json.encode(answer)) == {
        "accepted": [{"index": 0, "signal_id": "s-1", "decision_id": decision}],
        "rejected": [],
    }
    assert door.messages == [
        SignalReceived(
            message_id=f"{decision}:signal.received",
            decision_id=decision,
            trace=TRACE,
            occurred_at=NOW,
            signal=Signal(
                id="s-1",
                type="page_viewed",
                at=datetime(2026, 3, 1, 11, 59, tzinfo=UTC),
                received_at=NOW,
                source="signals",
                identifiers={"customer_no": keyed_hash(KEY, "customer_no", "C000001")},
                brand="northmoor",
                context={"device": "mobile"},
            ),
        )
    ]


@pytest.mark.parametrize(
    ("at", "kept", "flags"),
    [
        (None, NOW, ()),
        (NOW - timedelta(hours=24), NOW - timedelta(hours=24), ()),
        (NOW - timedelta(hours=25), NOW - timedelta(hours=25), ("late",)),
        (NOW + timedelta(minutes=5), NOW + timedelta(minutes=5), ()),
        (NOW + timedelta(minutes=6), NOW, ("clock_skew",)),
    ],
)
def test_event_time_is_kept_clamped_or_flagged(door: Door, at, kept, flags) -> None:
    signal = door.signal(canonical(at=at and at.isoformat()))
    assert (signal.at, signal.flags) == (kept, flags)


def test_a_batch_is_published_at_once_and_its_bad_item_fails_alone(door: Door) -> None:
    answer = door.send([canonical(id="a"), canonical(id="b", brand="barclays"), 7, canonical(id="c")])
    assert [(taken.index, taken.signal_id) for taken in answer.accepted] == [(0, "a"), (3, "c")]
    assert [refused.index for refused in answer.rejected] == [1, 2]
    assert answer.rejected[0].problem == {
        "type": "about:blank",
        "title": "Invalid signal",
        "status": 422,
        "detail": "no such brand is declared; declared are foxglove, northmoor",
        "index": 1,
        "field": "brand",
    }
    assert len(door.recorder.calls) == 1
    assert [message.signal.id for message in door.messages] == ["a", "c"]


def test_a_repeated_id_is_listed_each_time_and_published_once(door: Door) -> None:
    answer = door.send([canonical(), canonical()])
    assert [taken.signal_id for taken in answer.accepted] == ["s-1", "s-1"]
    assert len(door.messages) == 1


def test_a_signal_without_an_id_gets_one_from_what_it_says(door: Door) -> None:
    def without_id(**fields: Any) -> str:
        body = canonical(**fields)
        del body["id"]
        return door.signal(body).id

    reordered = {"identifiers": {"customer_no": "C000001"}, "type": "page_viewed"}
    assert without_id() == door.signal(reordered).id == without_id()
    assert len({without_id(), without_id(type="page_left"), without_id(source="web")}) == 3


def test_nothing_is_published_where_nothing_was_accepted(door: Door) -> None:
    door.send(canonical(brand="barclays"))
    assert door.recorder.calls == []


def test_a_topic_that_is_away_is_the_callers_to_try_again(door: Door) -> None:
    door.recorder.fails = True
    with pytest.raises(TransientError):
        door.send(canonical())


def test_consents_say_purpose_and_channel(door: Door) -> None:
    signal = door.signal(canonical(consent={"marketing": {"email": False}, "service": False}))
    assert signal.consent == (
        ConsentChange(purpose="marketing", channel="email", granted=False),
        ConsentChange(purpose="service", granted=False),
    )


# Sources


def test_a_canonical_body_may_name_the_system_it_comes_from(door: Door) -> None:
    signal = door.signal(canonical(source="core-banking"), allowed=frozenset({"core-banking"}))
    assert signal.source == "core-banking"
    assert door.messages[-1].decision_id == decision_id("core-banking", "s-1")


def test_but_only_one_that_its_key_allows(door: Door) -> None:
    problem = door.problem(canonical(source="scheduler"), allowed=frozenset({"segment"}))
    assert (problem["status"], problem["field"]) == (403, "source")
    assert door.signal(canonical(), allowed=frozenset()).source == "signals"


def test_only_the_scheduler_names_persons_by_our_own_ids(door: Door) -> None:
    body = canonical(identifiers={"person_id": "p-1"})
    assert door.problem(body)["field"] == "identifiers.person_id"
    assert door.signal({**body, "source": "scheduler"}).identifiers == {"person_id": "p-1"}
    assert door.signal(body, "scheduler").identifiers == {"person_id": "p-1"}


def test_an_unknown_source_is_not_found(door: Door) -> None:
    with pytest.raises(NotFoundError, match="did you mean segment"):
        door.send(canonical(), "segmnt")


# Identifiers


def test_raw_addresses_and_numbers_agree_with_their_hashes_from_partners(door: Door) -> None:
    digest = hashlib.sha256(b"ann@example.com").hexdigest()
    number = hashlib.sha256(b"+447911123456").hexdigest()
    raw = door.signal(canonical(identifiers={"email": " Ann@Example.COM ", "phone": "07911 123456"}))
    hashed = door.signal(canonical(identifiers={"email_sha256": digest.upper(), "phone_sha256": number}))
    segment = door.signal(track(traits={"email": "ann@example.com", "phone": "+44 7911 123456"}), "segment")
    assert raw.identifiers == hashed.identifiers
    assert {**segment.identifiers, **raw.identifiers} == segment.identifiers
    xdm = {"eventType": "a", "identityMap": {"EMAIL": [{"id": digest}]}}
    assert door.signal(xdm, "adobe-xdm").identifiers == {"email_sha256": raw.identifiers["email_sha256"]}


@pytest.mark.parametrize(
    ("identifiers", "field", "detail"),
    [
        ({}, "identifiers", "send at least one of cookie_id, customer_no, ecid, email, email_sha256, phone"),
        ({"custmer_no": "C1"}, "identifiers.custmer_no", "did you mean customer_no?"),
        ({"customer_no": ["C1"]}, "identifiers.customer_no", "expected text"),
        ({"customer_no": None}, "identifiers.customer_no", "expected text"),
        ({"customer_no": " "}, "identifiers.customer_no", "is empty"),
        ({"customer_no": "C" * 257}, "identifiers.customer_no", "longer than 256"),
        ({"email": "nobody"}, "identifiers.email", "not an e-mail address"),
        ({"phone": "12"}, "identifiers.phone", "not a phone number"),
        ({"email_sha256": "abc"}, "identifiers.email_sha256", "send the raw value under `email`"),
        ({"email": "a@b.example", "email_sha256": "0" * 64}, "identifiers.email_sha256", "contradicts"),
        ({f"n{i}": "x" for i in range(21)}, "identifiers", "more than 20"),
    ],
)
def test_an_identifier_that_does_not_fit_is_refused_by_its_name(door: Door, identifiers, field, detail) -> None:
    problem = door.problem(canonical(identifiers=identifiers))
    assert (problem["status"], problem["field"]) == (422, field)
    assert detail in problem["detail"]


def test_identifiers_that_have_no_place_here_are_kept_hashed_and_link_nothing(door: Door) -> None:
    identities = {"ECID": [{"id": "1"}, {"id": "2"}], "Loyalty": [{"id": "gold-77"}]}
    signal = door.signal({"eventType": "a", "identityMap": identities}, "adobe-xdm")
    assert signal.identifiers == {"ecid": keyed_hash(KEY, "ecid", "1")}
    others = signal.properties["other_identifiers"]
    assert sorted(others) == ["ECID", "Loyalty"]
    assert all(value.startswith("hmac:") for values in others.values() for value in values)
    assert b"gold-77" not in door.published


def test_a_source_s_own_person_id_is_no_canonical_id_and_is_kept_hashed(door: Door) -> None:
    identities = {"ECID": [{"id": "1"}], "person_id": [{"id": "Ann Smith"}]}
    signal = door.signal({"eventType": "a", "identityMap": identities}, "adobe-xdm")
    assert list(signal.identifiers) == ["ecid"]
    assert sorted(signal.properties["other_identifiers"]) == ["person_id"]
    assert b"Ann Smith" not in door.published


@pytest.mark.parametrize("value", ["null", " NULL", "-", "----", hashlib.sha256(b"null").hexdigest()])
def test_what_identifies_nobody_is_kept_hashed_and_links_nothing(door: Door, value: str) -> None:
    signal = door.signal(canonical(identifiers={"customer_no": value, "cookie_id": "ck-7"}))
    assert list(signal.identifiers) == ["cookie_id"]
    assert sorted(signal.properties["other_identifiers"]) == ["customer_no"]
    assert door.problem(canonical(identifiers={"customer_no": value}))["field"] == "identifiers"


def test_a_trait_that_is_no_address_does_not_cost_the_signal(door: Door) -> None:
    signal = door.signal(track(properties={"email": "none", "phone": "410-555-9412"}), "segment")
    assert list(signal.identifiers) == ["customer_no"]
    assert sorted(signal.properties["other_identifiers"]) == ["email", "phone"]


def test_a_foreign_signal_that_names_nobody_says_what_would(door: Door) -> None:
    problem = door.problem({"type": "track", "event": "A"}, "segment")
    assert problem["field"] == "identifiers"
    assert "anonymousId" in problem["detail"]
    assert door.problem(track(userId=["x"]), "segment")["field"] == "userId"
    xdm = {"eventType": "a", "identityMap": {"CRMID": [{"id": " "}]}}
    assert door.problem(xdm, "adobe-xdm")["field"] == "identityMap.CRMID"


def test_foreign_consents_that_mean_nothing_here_are_only_kept(door: Door) -> None:
    consents = {"marketing": {"email": {"val": "y"}, "postalMail": {"val": "n"}}}
    xdm = {"eventType": "a", "identityMap": {"ECID": [{"id": "1"}]}, "consents": consents}
    signal = door.signal(xdm, "adobe-xdm")
    assert signal.consent == (ConsentChange(purpose="marketing", channel="email", granted=True),)
    assert signal.properties["consents"] == consents


# Batches of other shapes


def test_segments_batch_shares_its_context(door: Door) -> None:
    batch = [track(context={"ip": "8.8.8.8", "a": 1}), track(event="Signed Up")]
    answer = door.send({"batch": batch, "context": {"a": 2, "b": 3}, "writeKey": "secret-key"}, "segment")
    assert len(answer.accepted) == 2
    contexts = [message.signal.context for message in door.messages]
    assert [(context["a"], context["b"]) for context in contexts] == [(1, 3), (2, 3)]
    assert b"secret-key" not in door.published


def test_an_item_has_the_same_id_alone_and_in_a_batch(door: Door) -> None:
    alone = door.signal(track(), "segment")
    assert door.signal({"batch": [track()], "context": {"b": 3}}, "segment").id == alone.id


def test_xdm_messages_are_a_batch(door: Door) -> None:
    entity = {"timestamp": "2026-03-01T11:00:00Z", "identityMap": {"ECID": [{"id": "1"}]}}
    messages = [{"header": {}, "body": {"xdmMeta": {}, "xdmEntity": entity}}, {"body": {}}]
    answer = door.send({"messages": messages}, "adobe-xdm")
    assert ([t.index for t in answer.accepted], [r.index for r in answer.rejected]) == ([0], [1])


# Bad input


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b'{"a": tru}', "malformed: invalid character (byte 7)"),
        (b'{"a": NaN}', "invalid character (byte 6)"),
        (b'[{"a": 1}', "truncated (byte 9)"),
        (b'{"a": 1} x', "trailing characters (byte 10)"),
        (b"\x00\xff\xfe\x80rubbish", "malformed"),
        (b'{"\xff": 1}', "not UTF-8"),
        (b"[]", "the array is empty"),
        (b"7", "expected an object or an array"),
        (b'"text"', "expected an object or an array"),
        (b"[" * 100_000, "nested deeper"),
        (b"[" * 100_000 + b"]" * 100_000, "nested deeper"),
        ('{"id": "s"}'.encode("utf-16"), "malformed"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_whole(door: Door, body: bytes, detail: str) -> None:
    with pytest.raises(InvalidError) as refused:
        door.send(body)
    assert detail in refused.value.detail
    assert len(refused.value.detail) < 200


def test_too_many_items_are_too_large(door: Door) -> None:
    assert len(door.send([canonical(id=str(i)) for i in range(MAX_ITEMS)]).accepted) == MAX_ITEMS
    with pytest.raises(TooLargeError, match="501"):
        door.send([canonical(id=str(i)) for i in range(MAX_ITEMS + 1)])


def test_a_byte_order_mark_is_no_fault(door: Door) -> None:
    assert door.send(b"\xef\xbb\xbf" + json.dumps(canonical()).encode()).accepted


GOOD = json.dumps(canonical(id="good")).encode()


@pytest.mark.parametrize(
    ("item", "status", "field", "detail"),
    [
        (b'{"type": "a", "identifiers": {}, "properties": {"x": "\\u0000"}}', 422, "properties.x", "NUL"),
        (b'{"type": "a", "identifiers": {}, "properties": {"x": ["\\ud800"]}}', 422, "properties.x[0]", "surrogate"),
        (b'{"type": "a", "identifiers": {}, "context": {"\\udc00": 1}}', 422, "context", "surrogate"),
        (b'{"type": "a", "identifiers": {}, "context": {"x": 1e999}}', 422, "context.x", "finite"),
        (b'{"type": "a", "identifiers": {}, "context": {"x": 12345678901234567890}}', 422, "context.x", "64 bits"),
        (b'{"type": "a", "identifiers": {}, "context": {"x": "\xff"}}', 400, None, "not UTF-8"),
        (json.dumps(canonical(properties={"x": nested(MAX_DEPTH)})).encode(), 400, "properties.x", "deeper than 32"),
        (json.dumps(canonical(properties={"x": "y" * MAX_ITEM_BYTES})).encode(), 413, None, "65536 bytes"),
        (json.dumps(canonical(id="x" * 257)).encode(), 422, "id", "256"),
        (json.dumps(canonical(consent={"marketting": True})).encode(), 422, "consent.marketting", "marketing?"),
        (json.dumps(canonical(consent={"marketing": {"fax": True}})).encode(), 422, "consent.marketing.fax", "channel"),
    ],
)
def test_an_item_that_cannot_be_kept_is_refused_alone(door: Door, item, status, field, detail) -> None:
    answer = door.send(b"[" + GOOD + b"," + item + b"]")
    assert [taken.signal_id for taken in answer.accepted] == ["good"]
    problem = answer.rejected[0].problem
    assert (problem["status"], problem["index"]) == (status, 1)
    assert problem.get("field", "").startswith(field or "")
    assert detail in problem["detail"]


def test_what_is_just_within_the_limits_is_accepted(door: Door) -> None:
    assert door.send(canonical(properties={"x": nested(MAX_DEPTH - 2)})).accepted
    room = MAX_ITEM_BYTES - len(json.dumps(canonical(properties={"x": ""})))
    assert door.send(canonical(properties={"x": "y" * room})).accepted
    assert door.send(canonical(properties={"x": 2**63 - 1, "y": -(2**63)})).accepted


def test_what_a_batch_shares_counts_for_each_item(door: Door) -> None:
    large = {"batch": [track()], "context": {"x": "y" * MAX_ITEM_BYTES}}
    assert door.problem(large, "segment")["status"] == 413
    most = {"batch": [track(), track()], "context": {"x": "y" * (MAX_SHARED_BYTES // 2)}}
    with pytest.raises(TooLargeError, match="for each of 2 signals"):
        door.send(most, "segment")
    with pytest.raises(InvalidError, match="NUL"):
        door.send({"batch": [track()], "context": {"x": "\x00"}}, "segment")


def test_long_names_of_many_values_take_no_room() -> None:
    many = {"n" * 30_000: [1] * 15_000}
    tracemalloc.start()
    decode(json.dumps({**many, "large": 2**63 - 1}, separators=(",", ":")).encode())
    with pytest.raises(InvalidError) as refused:
        decode(json.dumps({"a": many, "large": 2**63}, separators=(",", ":")).encode())
    with pytest.raises(InvalidError) as deep:
        decode(json.dumps({"n" * 300: [{"b.c": 2**63}]}).encode())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 20_000_000
    assert (refused.value.field, len(deep.value.field)) == ("large", MAX_SHOWN + 1)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
sources = st.sampled_from(["signals", "segment", "adobe-xdm", "scheduler"])


@given(
    value=st.recursive(
        st.text(st.sampled_from("a\x00\ud800\udfff\U0001f600"), max_size=3)
        | st.integers(-(2**65), 2**65)
        | st.floats(allow_nan=False)
        | st.sampled_from([[[]] * 33, 2**63 - 1, -(2**63), 2**63]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
        max_leaves=6,
    ),
    depth=st.integers(0, MAX_DEPTH + 2),
    exponent=st.sampled_from(["", "[1e400, ", "[1E9, ", "[-1e+308, "]),
)
def test_what_is_decoded_can_be_kept(value: Any, depth: int, exponent: str) -> None:
    written = exponent + json.dumps(value) + "]" * bool(exponent)
    try:
        decoded = decode(("[" * depth + written + "]" * depth).encode())
    except InvalidError:
        return
    check(decoded)


@given(source=sources, body=json_values | json_values.map(lambda v: {"batch": v, "messages": v, "type": "track"}))
def test_any_json_is_accepted_or_refused(source: str, body: Any) -> None:
    try:
        Door().send(body, source)
    except KairosError:
        return


@given(source=sources, body=st.binary() | st.binary().map(lambda b: GOOD + b) | st.binary().map(lambda b: b"[" + b))
def test_any_bytes_are_accepted_or_refused(source: str, body: bytes) -> None:
    try:
        Door().send(body, source)
    except KairosError:
        return


@given(field=st.sampled_from(list(canonical(at=0, brand=0, context=0, properties=0, consent=0))), value=json_values)
def test_any_value_of_a_field_is_accepted_or_refused(field: str, value: Any) -> None:
    try:
        answer = Door().send([canonical(**{field: value})])
    except InvalidError:
        assert re.search("NaN|Infinity", json.dumps(value)), "only what is no JSON spoils the body"
        return
    assert len(answer.accepted) + len(answer.rejected) == 1


@given(
    items=st.lists(st.builds(track, properties=st.dictionaries(st.text("ab", max_size=5), st.booleans())), max_size=5)
)
def test_the_same_batch_twice_publishes_the_same_messages(items: list[dict[str, Any]]) -> None:
    assume(items)
    door = Door()
    first = door.send(items, "segment")
    assert door.send(items, "segment", now=NOW + timedelta(seconds=9)).accepted == first.accepted
    once, again = door.recorder.calls
    assert [message.message_id for message in once] == [message.message_id for message in again]


# Personal data

addresses = st.emails().filter(lambda address: len(address) <= 200)
numbers = st.from_regex(r"\+[1-9][0-9]{8,13}", fullmatch=True) | st.from_regex(r"07[0-9]{3} [0-9]{6}", fullmatch=True)


def hiding(secret: str) -> st.SearchStrategy[Any]:
    """JSON in which a secret stands somewhere: as a text, within one, as a name, in a list."""
    within = st.sampled_from(
        [secret, f"see {secret}", f"<{secret}>", f"x={secret}&y", f"{secret}{secret}", secret.upper()]
    )
    leaf = within | st.integers() | st.booleans()
    return st.recursive(
        leaf,
        lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(within | st.text(max_size=4), inner),
        max_leaves=8,
    ).map(lambda value: {"held": value})


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), address=addresses, number=numbers)
def test_no_raw_address_or_number_is_ever_published(data: st.DataObject, address: str, number: str) -> None:
    door = Door()
    secret = data.draw(st.sampled_from([address, number]))
    held = data.draw(hiding(secret))
    who = {"email": address, "phone": number}
    door.send(canonical(id=f"of {secret}", identifiers=who, context=held, properties=held, extra=held))
    door.send(track(messageId=secret, traits=who, properties=held, context=held, integrations=held), "segment")
    identities = {"Email": [{"id": address}], "Phone": [{"id": number}], secret: [{"id": secret}]}
    xdm = {"_id": secret, "eventType": "a", "identityMap": identities}
    door.send({**xdm, "web": held, "custom": held}, "adobe-xdm")
    published = json.dumps(json.loads(door.published), ensure_ascii=False).lower()
    assert json.dumps(address, ensure_ascii=False)[1:-1].lower() not in published
    assert number not in published


def test_a_number_is_found_however_it_is_written(door: Door) -> None:
    written = ["+44 7911 123456", "447911123456", "+44-7911-123456", 447911123456, {"call 447911123456": 1}]
    signal = door.signal(canonical(identifiers={"phone": "+447911123456"}, properties={"notes": written}))
    assert "7911" not in json.dumps(signal.properties)


def test_names_and_numbers_under_a_personal_name_are_hashed_whatever_their_length(door: Door) -> None:
    signal = door.signal(canonical(properties={"full_name": "Ann " * 200, "phone": 7911123456, "amount": 7911123456}))
    assert signal.properties["full_name"].startswith("hmac:")
    assert signal.properties["phone"].startswith("hmac:")
    assert signal.properties["amount"] == 7911123456


def test_an_id_that_tells_who_it_is_becomes_a_digest(door: Door) -> None:
    first = door.signal(canonical(id="ann@example.com"))
    assert "@" not in first.id
    assert door.signal(canonical(id="ann@example.com")).id == first.id


def test_no_copy_of_an_identifier_leaves_beside_its_hash(door: Door) -> None:
    given = {"customer_no": "C000007", "url": "/a?c=C000007", "seen": {"nested": ["ck-123456"]}}
    door.signal(canonical(identifiers={"customer_no": "C000007", "cookie_id": "ck-123456"}, properties=given))
    door.signal(track(userId="C000007", anonymousId="C000007", context={"traits": {"customer": "C000007"}}), "segment")

    assert b"C000007" not in door.published
    assert b"ck-123456" not in door.published


def test_a_foreign_id_that_is_too_long_becomes_a_digest(door: Door) -> None:
    one, other = (door.signal(track(messageId="m" * 300 + end), "segment").id for end in "ab")

    assert len(one) <= 256
    assert one != other


def test_a_type_that_tells_who_it_is_is_refused(door: Door) -> None:
    body = track(event="Called 07911 123456", traits={"phone": "07911123456"})
    assert door.problem(body, "segment")["field"] == "type"


@pytest.mark.parametrize(
    "text",
    [
        "a" * 60_000 + " @",
        "a@" + "." * 60_000 + " b",
        "@" * 60_000,
        "+1" + " 1" * 30_000,
        "1 " * 30_000,
        "%40" * 20_000,
    ],
)
def test_no_text_takes_long_to_look_through(text: str) -> None:
    scrubber = Scrubber(KEY, emails=["a@b.example"], phones=["+1111111111"])
    began = time.thread_time()  # of this thread's own work, however busy the machine is
    scrubber.value({"x": text, "name": text})
    assert time.thread_time() - began < 0.5
