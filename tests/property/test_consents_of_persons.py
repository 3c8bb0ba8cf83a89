"""Consents of persons: any order and repetition of signals ends in the same, whoever turns out to be whom."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.consent import consents_to
from shared.domain.identity.links import Refusal
from shared.domain.identity.rebuilding import rebuild
from shared.domain.signal import ConsentChange
from tests.property.identities import NOW, STRENGTH, Platform, probes, signal, signals

WORDS = st.lists(
    st.builds(
        ConsentChange,
        purpose=st.just("marketing"),
        channel=st.sampled_from([None, "email"]),
        brand=st.sampled_from([None, "oak"]),
        granted=st.booleans(),
    ),
    max_size=2,
).map(tuple)


@st.composite
def speaking(draw):
    """Signals of which some carry words on consent, some of them in the same hour."""
    return [msgspec.structs.replace(each, consent=draw(WORDS)) for each in draw(signals(max_size=8))]


def consents(stream, asked):
    """What counts of each person of a platform that took a stream, by the person's identifiers."""
    platform = Platform()
    for each in stream:
        platform.take(each)
    held, said = {}, {}
    for key, probe in probes(asked).items():
        identified = platform.take(probe)
        held.setdefault(identified.person_id, set()).add(key)
        said[identified.person_id] = identified.profile.consents
    return {frozenset(keys): said[person_id] for person_id, keys in held.items()}


def silent(stream):
    return [msgspec.structs.replace(each, consent=()) for each in stream]


@settings(max_examples=60)
@given(stream=speaking(), order=st.randoms(use_true_random=False), again=st.integers(0, 4))
def test_any_order_and_repetition_gives_the_same_consents(stream, order, again):
    shuffled = [*stream, *stream[:again]]
    order.shuffle(shuffled)

    assert consents(shuffled, silent(stream)) == consents(stream, silent(stream))


def says(number, hour, granted, **identifiers):
    spoken = (ConsentChange(purpose="marketing", granted=granted),)
    return msgspec.structs.replace(signal(number, identifiers, hour), consent=spoken)


NO, YES = says(1, 1, granted=False, device_id="d1"), says(2, 2, granted=True, customer_no="c1")
MET = signal(3, {"customer_no": "c1", "device_id": "d1"}, 3)
SINCE = says(4, 4, granted=True, customer_no="c1")


@pytest.mark.parametrize(
    ("stream", "consented"),
    [
        ([NO, YES, MET], False),
        ([MET, NO, YES], False),
        ([NO, MET, YES], False),
        ([NO, YES, MET, SINCE], True),
        ([SINCE, YES, MET, NO], True),
        ([NO, YES, signal(0, {"customer_no": "c1", "device_id": "d1"}, 0)], True),
    ],
    ids=["then met", "met first", "met between", "asked since", "asked since, backwards", "had met before"],
)
def test_what_two_said_before_they_met_counts_for_both_where_it_restricts(stream, consented):
    [(_, said)] = consents(stream, [MET]).items()

    assert consents_to(said, brand="oak", purpose="marketing", channel="email") == consented
    assert all(word.at <= NOW + timedelta(hours=4) for word in said.values())


def test_whoever_is_parted_again_keeps_what_they_said_themselves():
    platform = Platform()
    for each in (NO, YES, MET, SINCE):
        platform.take(each)
    merged = platform.persons.profile(platform.take(MET).person_id).value
    assert consents_to(merged.consents, brand="oak", purpose="marketing", channel="email")

    [link] = merged.graph.links
    refusals = {link: Refusal(reason="typed wrong", operator="jo", at=NOW)}
    parted = rebuild([merged], STRENGTH, lambda: "p-new", now=NOW, refusals=refusals)

    customer, device = (parted.persons[parted.person_of[key]] for key in ("customer_no:c1", "device_id:d1"))
    assert {word.signal_id for word in customer.consents.values()} == {SINCE.id}
    assert {word.signal_id for word in device.consents.values()} == {NO.id}
