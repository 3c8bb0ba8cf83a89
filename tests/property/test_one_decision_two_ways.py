"""Chained or fused, the same signal at the same time gives the same record, byte for byte; and so does a replay."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.candidates import known, means
from shared.domain.catalogue import Arm, Experiment, Revision
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy
from shared.domain.predictors import Predictors
from shared.domain.propensity import Counts
from shared.domain.replay import replay
from shared.domain.rules import Holdout
from shared.domain.signal import ConsentChange
from shared.messages import HistoryRow, SignalReceived
from tests.fault.world import NOW, World, bank_customers, bank_policy, bank_revision, canonical
from tests.ungoverned import Ungoverned

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_TRIGGERING = {"balance_changed": {"properties": {"change": 5000.0}}}
"""What a trigger of the sample bank asks of a signal's properties."""

SIGNALS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(
            ["page_viewed", "application_abandoned", "balance_changed", "card_blocked", "terms_changed", "schedule"]
        ),
        "brand": st.none() | st.sampled_from(sorted(bank_revision().brands)),
        "properties": st.dictionaries(
            st.sampled_from(["product", "category", "change", "balance", "brand", "other"]), JSON, max_size=4
        ),
        "context": st.dictionaries(
            st.sampled_from(["page", "page_category", "call_topic", "application_open", "other"]), JSON, max_size=4
        ),
        "consent": st.lists(
            st.builds(
                ConsentChange,
                purpose=st.sampled_from(["marketing", "targeted_support"]),
                channel=st.none() | st.sampled_from(["email", "sms", "push"]),
                granted=st.booleans(),
            ),
            max_size=2,
        ).map(tuple),
        "at": st.sampled_from([NOW, NOW - timedelta(hours=3), NOW - timedelta(hours=23)]),
    }
).map(lambda fields: fields | _TRIGGERING.get(fields["kind"], {}))
CUSTOMERS = st.sampled_from(sorted(bank_customers()))
CELLS = [name for names in Predictors(bank_revision().catalogue.predictors).cells for name in names]
BY_CELL = st.dictionaries(st.sampled_from(CELLS), st.integers(1, 50), max_size=12)
EVIDENCE = st.dictionaries(
    st.sampled_from([f"{t}@{bank_revision().treatment(t)[1].channel}" for t in sorted(bank_revision().treatments)]),
    st.builds(
        Counts,
        positives=st.integers(0, 50),
        negatives=st.integers(0, 50),
        positives_by_cell=BY_CELL,
        negatives_by_cell=BY_CELL,
    ),
    max_size=8,
)


class Exploring(Ungoverned):
    """The port `Catalogues`, with the sample bank as it would be if it explored."""

    policy = Policy(Revision(msgspec.structs.replace(bank_revision().catalogue, exploration="thompson")))

    def current(self):
        return self.policy

    def get(self, _revision):
        return self.policy


class Experimenting(Exploring):
    """The same, with everybody in an arm and half of them held out."""

    policy = Policy(
        Revision(
            msgspec.structs.replace(
                bank_revision().catalogue,
                exploration="thompson",
                rules=(
                    Holdout(id="half", share=0.5, stops=("marketing", "service"), reason="Measured."),
                    *bank_revision().catalogue.rules,
                ),
                experiments=(
                    Experiment(
                        id="standing",
                        reason="Measured.",
                        arms=(
                            Arm(id="random", share=0.4, ranks_by="chance"),
                            Arm(id="propensity", share=0.3, ranks_by="propensity"),
                            Arm(id="no_levers", share=0.3, ranks_by="no_levers"),
                        ),
                    ),
                ),
            )
        )
    )


def world_of(customer, evidence, catalogues=None):
    world = World(customers=[customer], catalogues=catalogues)
    world.store.models.update(evidence)
    return world


def record_of(row):
    return msgspec.json.decode(row.record, type=DecisionRecord)


def replays(row, policy=None):
    """Whether the record of a row is what its decision comes to when it is made again."""
    return replay(policy or bank_policy(), record_of(row)).agrees


def received(world, signal):
    world.receive(signal)
    return msgspec.json.decode(world.queue.waiting.popleft()[1], type=SignalReceived)


def fused(world, signal):
    """The stages composed in memory, as a fused service does; the row of the history."""
    [identified] = world.identify(received(world, signal), world.now)
    [qualified] = world.qualify(identified, world.now)
    if isinstance(qualified, HistoryRow):
        return qualified
    [ranked] = world.arbitrate(qualified, world.now)
    return world.suppress(ranked, world.now)[-1]


@settings(max_examples=150, deadline=None)
@given(customer=CUSTOMERS, fields=SIGNALS, evidence=EVIDENCE)
def test_chained_and_fused_give_the_same_record(customer, fields, evidence):
    signal = canonical(customer, "s-1", **fields)
    chained, composed = world_of(customer, evidence), world_of(customer, evidence)

    chained.receive(signal)
    chained.run()
    row = fused(composed, signal)

    [decided] = [heard for heard in chained.queue.rows if heard.kind == "decision"]
    assert decided.record.encode() == row.record.encode()
    assert replays(row)
    assert (decided.row_id, decided.outcome, decided.delivery_id) == (row.row_id, row.outcome, row.delivery_id)


@settings(max_examples=100, deadline=None)
@given(
    customer=CUSTOMERS,
    fields=SIGNALS,
    evidence=EVIDENCE,
    channel=st.sampled_from(["web", "mobile_app", "call_centre"]),
    count=st.integers(0, 4),
)
def test_an_offer_is_the_same_whether_its_stages_hand_over_in_memory_or_as_bytes(
    customer, fields, evidence, channel, count
):
    placements = tuple(p.id for p in bank_revision().channels[channel].placements) if count else ()
    slots = Slots(channels=(channel,), placements=placements, counts=(count,) * len(placements))

    def offered(hand_over):
        world = world_of(customer, evidence)
        [identified] = world.identify(received(world, canonical(customer, "s-1", **fields)), NOW)
        [qualified] = world.qualify(hand_over(identified), NOW, slots)
        if isinstance(qualified, HistoryRow):
            return qualified
        [ranked] = world.arbitrate(hand_over(qualified), NOW)
        return world.suppress.offer(hand_over(ranked), NOW)[1]

    in_memory = offered(lambda message: message)
    as_bytes = offered(lambda message: msgspec.json.decode(msgspec.json.encode(message), type=type(message)))

    assert in_memory.record.encode() == as_bytes.record.encode()
    assert replays(in_memory)


@settings(max_examples=60, deadline=None)
@given(customer=CUSTOMERS, fields=SIGNALS, evidence=EVIDENCE)
def test_the_same_decision_twice_in_two_worlds_is_the_same(customer, fields, evidence):
    signal = canonical(customer, "s-1", **fields)

    rows = [fused(world_of(customer, evidence), signal) for _ in range(2)]

    assert rows[0] == rows[1]


@settings(max_examples=60, deadline=None)
@given(customer=CUSTOMERS, fields=SIGNALS, evidence=EVIDENCE)
def test_what_is_drawn_is_the_decision_s_own_and_replays(customer, fields, evidence):
    signal = canonical(customer, "s-1", **fields)
    chained, composed = world_of(customer, evidence, Exploring()), world_of(customer, evidence, Exploring())

    chained.receive(signal)
    chained.run()
    row = fused(composed, signal)

    [decided] = [heard for heard in chained.queue.rows if heard.kind == "decision"]
    assert decided.record.encode() == row.record.encode()
    assert replays(row, Exploring.policy)
    record, settled = record_of(row), record_of(fused(world_of(customer, evidence), signal))
    assert (record.candidate_rows, record.models) == (settled.candidate_rows, settled.models)
    assert not settled.means
    drawn, mean = known(Exploring.policy, record), known(bank_policy(), settled)
    assert means(Exploring.policy, record) == pytest.approx(mean, rel=1e-3)
    assert not drawn or drawn != mean


@settings(max_examples=60, deadline=None)
@given(customer=CUSTOMERS, fields=SIGNALS, evidence=EVIDENCE, person=st.integers(0, 999))
def test_whatever_arms_a_person_is_in_their_decision_is_the_same_two_ways_and_replays(
    customer, fields, evidence, person
):
    signal = canonical(customer, f"s-{person}", **fields)
    chained, composed = world_of(customer, evidence, Experimenting()), world_of(customer, evidence, Experimenting())
    for world in (chained, composed):
        world.identify._people._new_person_id = lambda: f"p-{person}"

    chained.receive(signal)
    chained.run()
    row = fused(composed, signal)

    [decided] = [heard for heard in chained.queue.rows if heard.kind == "decision"]
    assert decided.record.encode() == row.record.encode()
    assert (decided.arms, decided.held_back, decided.value) == (row.arms, row.held_back, row.value)
    assert "standing=" in str(row.arms)
    assert replays(row, Experimenting.policy)
