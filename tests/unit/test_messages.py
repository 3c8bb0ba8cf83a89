"""The committed schemas are those of the code, and real messages fit them."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest

from shared.domain.signal import Signal
from shared.messages import SignalReceived
from shared.messages.schema import schemas

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "messages" / "schemas"


@pytest.mark.parametrize("file", sorted(schemas()))
def test_the_committed_schema_is_the_code_s(file):
    assert (FOLDER / file).read_bytes() == schemas()[file], "run: python -m shared.messages.schema"


def test_nothing_else_is_committed():
    assert {file.name for file in FOLDER.iterdir()} == set(schemas())


def test_a_message_fits_its_schema_and_survives_the_way():
    now = datetime(2026, 11, 22, tzinfo=UTC)
    signal = Signal(id="1", type="page_viewed", at=now, received_at=now, source="web", identifiers={"cookie_id": "a"})
    message = SignalReceived(message_id="d-1:signal.received", decision_id="d-1", occurred_at=now, signal=signal)
    data = msgspec.json.encode(message)

    jsonschema.validate(msgspec.json.decode(data), msgspec.json.decode((FOLDER / "signal.received.json").read_bytes()))
    assert msgspec.json.decode(data, type=SignalReceived) == message
