"""What an action says of itself is in the revision, and conditions read it when deciding."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from shared.authoring import build, read
from shared.domain.catalogue import Attribute, Revision, SignalType
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import Signal

PLAIN = Path(__file__).parent / "authoring_cases" / "plain"
NOW = datetime(2027, 3, 1, tzinfo=UTC)
DECLARED = """
  rate: {type: double, description: Per cent}
  tags: {type: list(string), description: Words for it}
  months: {type: int, description: For how long it binds}
  simple: {type: bool, description: Whether anybody understands it}
signals:
  paid: {description: Paid., properties: {amount: {type: double, description: In pounds}}}
"""


def revision(when: str) -> Revision:
    files = read(PLAIN)
    files["schema.yaml"] = files["schema.yaml"].rstrip() + DECLARED
    given = "attributes: {risk: none, rate: 5, tags: [easy, cash], simple: true}"
    files["actions/red.yaml"] = (
        files["actions/red.yaml"]
        .replace("    value: 40", f"    value: 40\n    {given}")
        .replace("profile.balance > 100.0", when)
    )
    return build(files)


def test_values_are_of_their_declared_types_and_survive_encoding():
    built = revision("profile.balance > 100.0")
    attributes = built.actions["saver"].attributes
    assert attributes == {"rate": 5.0, "risk": "none", "simple": True, "tags": ("easy", "cash")}
    assert type(attributes["rate"]) is float
    assert built.catalogue.action_schema["months"].type == "int"
    assert built.catalogue.signals == {
        "paid": SignalType(properties={"amount": Attribute(type="double", description="In pounds")})
    }
    again = Revision.decode(built.catalogue.canonical())
    assert again.id == built.id
    assert again.actions["saver"].attributes == attributes
    assert type(again.actions["saver"].attributes["rate"]) is float


@pytest.mark.parametrize(
    ("when", "passes"),
    [
        ('action.risk == "none" && profile.vip', True),
        ('action.risk == "capital" || profile.vip', True),
        ('action.risk == "capital" || !profile.vip', False),
        ('"cash" in action.tags && profile.vip', True),
        ("action.rate > profile.income", True),
        ("action.rate * 2.0 > 10.5 || !profile.vip", False),
        ("has(action.months) || !profile.vip", False),
        ("action.months > 3 || profile.vip", True),
        ("action.simple && signal.properties.amount > 10.0", True),
    ],
)
def test_conditions_read_them(when, passes):
    policy = Policy(revision(when))
    profile = Profile(
        person_id="p-1",
        version=1,
        created_at=NOW,
        brands=("red",),
        attributes={"age": 40, "residency": "uk", "vip": True, "income": 1.0},
    )
    properties = {"amount": 12}
    signal = Signal(id="s", type="paid", at=NOW, received_at=NOW, source="x", identifiers={}, properties=properties)
    assert bool(policy.passing(policy.situation(profile, signal, NOW))) is passes
