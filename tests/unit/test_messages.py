"""The committed schemas are those of the code, and real messages fit them."""

from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import msgspec
import pytest

from shared.domain.consent import Consent
from shared.domain.engagement import Slots
from shared.domain.identity.links import Conflict
from shared.domain.profile import Person, Profile
from shared.domain.ranking import Ranking
from shared.domain.signal import Signal
from shared.messages import SignalIdentified, SignalReceived
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


def test_what_a_decision_carries_goes_on_whole():
    now = datetime(2026, 11, 22, tzinfo=UTC)
    person = Person(
        person_id="p-1",
        version=2,
        created_at=now,
        attributes={"age": 30},
        brands=("northmoor",),
        products=("isa",),
        flags=("vulnerable",),
        reachable=("email",),
        audiences=("pilot",),
        consents={"*:marketing:email": Consent(granted=True, at=now, source="crm")},
        unique={"customer_no": "hash"},
    )
    identified = SignalIdentified(
        message_id="d-1:signal.identified",
        decision_id="d-1",
        occurred_at=now,
        person_id="p-1",
        revision="sha256:0",
        signal=Signal(
            id="1", type="page_viewed", at=now, received_at=now, source="web", identifiers={"cookie_id": "a"}
        ),
        profile=person.snapshot(),
        conflicts=(Conflict(namespace="cookie_id", person_id="p-2", reason="unique"),),
        decided_at=now,
        fragment="p-3",
        arms=("levers=plain",),
    )
    qualified = identified.qualified(Slots(channels=("web",)), b"\x01", now)
    ranking = Ranking(candidate_rows=b"", propensity_parts=b"", order=b"", priorities=b"", unlevered=None)
    carried = identified.carried()

    assert {*carried} | {"message_id", "trace", "occurred_at", "schema_version", "usage"} == {
        *SignalIdentified.__struct_fields__
    }
    assert qualified.carried() == carried
    assert qualified.ranked(ranking, now).carried() == carried
    assert all(getattr(identified.profile, each) == getattr(person, each) for each in Profile.__struct_fields__)
