"""Consents of persons who are one: whoever of them spoke of a use must consent to it, in whatever order they merge."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.consent import ANY, apply_consents, consents_to, merged_consents, weighed
from shared.domain.signal import ConsentChange
from tests.unit.domain.situations import NOW, signal

BRANDS, CHANNELS, PURPOSES = ("oak", "elm"), ("email", "sms"), ("marketing", "service")

CHANGES = st.builds(
    ConsentChange,
    purpose=st.sampled_from(PURPOSES),
    channel=st.sampled_from([None, *CHANNELS]),
    brand=st.sampled_from([None, *BRANDS]),
    granted=st.booleans(),
    basis=st.sampled_from(["consent", "consent", "legitimate_interest"]),
)
SIGNALS = st.builds(
    lambda number, at, changes: signal(id=f"s-{number}", at=NOW + timedelta(hours=at), consent=tuple(changes)),
    st.integers(0, 9),
    st.integers(0, 4),
    st.lists(CHANGES, max_size=3),
)


def heard(signals):
    """The consents after some signals."""
    consents = {}
    for each in signals:
        consents = apply_consents(consents, each.consent, each)
    return consents


PEOPLE = st.lists(SIGNALS, max_size=4).map(heard)


def uses():
    """Everything that somebody may be asked to consent to, among it what nobody named."""
    return [(b, p, c) for b in (*BRANDS, "ash") for p in PURPOSES for c in (*CHANNELS, "push")]


def answers(consents):
    return {(b, p, c): consents_to(consents, brand=b, purpose=p, channel=c) for b, p, c in uses()}


def spoke_of(consents):
    return {
        (b, p, c) for b, p, c in uses() if any(f"{each}:{p}:{on}" in consents for each in (b, ANY) for on in (c, ANY))
    }


@given(signals=st.lists(SIGNALS, max_size=5), order=st.randoms(use_true_random=False))
def test_signals_in_any_order_and_repeated_end_in_the_same_consents(signals, order):
    shuffled = [*signals, *signals]
    order.shuffle(shuffled)

    assert heard(shuffled) == heard(signals)


@given(a=PEOPLE, b=PEOPLE)
def test_who_was_two_consents_to_what_both_consent_to_as_far_as_they_spoke_of_it(a, b):
    merged = answers(merged_consents(a, b))

    said = {use: [answers(one)[use] for one in (a, b) if use in spoke_of(one)] for use in uses()}
    assert merged == {use: bool(words) and all(words) for use, words in said.items()}


@given(a=PEOPLE, b=PEOPLE, c=PEOPLE)
def test_it_does_not_matter_who_merges_with_whom_first_or_twice(a, b, c):
    ab = merged_consents(a, b)

    assert ab == merged_consents(b, a)
    assert merged_consents(ab, c) == merged_consents(a, merged_consents(b, c))
    assert merged_consents(ab, ab) == ab == merged_consents(ab, a)


@given(a=PEOPLE, b=PEOPLE, merges=st.booleans())
def test_words_in_order_of_their_weight_say_the_same(a, b, merges):
    consents = merged_consents(a, b) if merges else a

    last = dict.fromkeys(uses(), False)
    for key, word in weighed(consents):
        brand, purpose, channel = key.split(":")
        matching = [u for u in uses() if brand in (u[0], ANY) and purpose == u[1] and channel in (u[2], ANY)]
        last |= dict.fromkeys(matching, word.consents)
    assert last == answers(consents)
