"""What a simulation comes to does not depend on how its lines are split, nor on the order of the parts."""

from __future__ import annotations

from functools import cache
from random import Random

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.batch.report import encoded, findings, report
from shared.domain.batch.simulating import Asked, Simulation, added
from shared.domain.catalogue import Revision
from shared.domain.engagement import Slots
from tests.fault.world import NOW, bank_customers, bank_policy, bank_revision
from tests.property.test_batch import evidence

MANY = 40


@cache
def lines() -> tuple[bytes, ...]:
    """Customers of the sample bank."""
    profiles = [each.profile for each in list(bank_customers().values())[:MANY]]
    return tuple(
        msgspec.json.encode(
            {
                "person_id": profile.person_id,
                "attributes": profile.attributes,
                "brands": profile.brands,
                "flags": profile.flags,
                "reachable": profile.reachable,
                "consents": list(profile.consents),
            }
        )
        for profile in profiles
    )


@cache
def simulation() -> tuple[Asked, Simulation]:
    """Two revisions, of which one has dearer contacts."""
    before = bank_revision()
    dearer = [msgspec.structs.replace(each, price=each.price * 1.1 + 0.01) for each in before.catalogue.channels]
    after = Revision(msgspec.structs.replace(before.catalogue, channels=tuple(dearer)))
    asked = Asked(
        revisions=(before.catalogue.canonical(), after.catalogue.canonical()),
        slots=Slots(channels=before.outbound),
        now=NOW,
        weeks=1,
        counts=evidence(bank_policy(), Random(3)),
    )
    again = msgspec.json.decode(msgspec.json.encode(asked), type=Asked)  # as a worker of a pipeline reads it
    assert again == asked
    return again, Simulation(again)


def told(parts: list[list[bytes]]) -> bytes:
    """The report of some parts."""
    asked, decides = simulation()
    came = added(asked, map(decides.of_lines, parts))
    revisions = [Revision.decode(each) for each in asked.revisions]
    return encoded(report(findings(revisions, asked.now, came), ()))


@cache
def whole() -> bytes:
    """The report of all lines together."""
    return told([list(lines())])


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**9), parts=st.integers(1, 9))
def test_any_split_in_any_order_has_the_same_bytes(seed, parts):
    chance = Random(seed)
    split: list[list[bytes]] = [[] for _ in range(parts)]
    for line in chance.sample(lines(), MANY):
        chance.choice(split).append(line)
    assert told(split) == whole()
