"""The envelope of a push: read whatever it holds, or refused with the reason; never anything else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidError
from shared.runtime import envelope

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.binary(), st.dictionaries(st.text(alphabet=st.characters(codec="utf-8")), st.text(alphabet="aé😀", max_size=3))
)
def test_what_is_written_is_read(data, attributes):
    body = envelope.write(data, attributes, message_id="1", subscription="identity")

    assert envelope.read(body) == envelope.Envelope(data, attributes, "identity")


def test_pubsub_itself_writes_more_than_we_read():
    body = {
        "message": {
            "data": "e30=",
            "messageId": "136969346945",
            "message_id": "136969346945",
            "publishTime": "2026-03-02T12:00:00.482Z",
            "publish_time": "2026-03-02T12:00:00.482Z",
            "orderingKey": "k",
        },
        "subscription": "projects/bank/subscriptions/identity",
        "deliveryAttempt": 5,
    }

    read = envelope.read(json.dumps(body).encode())

    assert read == envelope.Envelope(b"{}", {}, "projects/bank/subscriptions/identity")


def test_a_message_may_have_no_data():
    assert envelope.read(b'{"message": {"attributes": null}}') == envelope.Envelope(b"", {}, "")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", "envelope"),
        (b"\xff\xfe", "envelope"),
        (b'{"message": "x"}', "envelope"),
        (b'{"message": {"data": 1}}', "envelope"),
        (b'{"message": {"attributes": {"a": null}}}', "envelope"),
        (b'{"message": {"data": "e30"}}', "message.data"),
        (b'{"message": {"data": "e30=\\n"}}', "message.data"),
        (b'{"message": {"data": "\\u00e9"}}', "message.data"),
        (b'{"a":' * 100_000, "envelope"),
        (b'{"message": {"data": "", "x": ' + b"[" * 100_000, "envelope"),
    ],
)
def test_what_is_none_is_refused_by_its_field(body, field):
    with pytest.raises(InvalidError) as refused:
        envelope.read(body)

    assert refused.value.field == field


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_or_refused(body):
    try:
        read = envelope.read(body)
    except InvalidError:
        return
    assert isinstance(read.data, bytes)


@given(message=JSON, subscription=JSON)
def test_any_message_is_read_or_refused(message, subscription):
    body = json.dumps({"message": message, "subscription": subscription}).encode()
    try:
        read = envelope.read(body)
    except InvalidError:
        return
    assert isinstance(read.data, bytes)
