"""Identity: any order and any repetition of the same signals ends in the same persons."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.identities import Platform, expected, signals


@settings(max_examples=200)
@given(stream=signals(), order=st.randoms(use_true_random=False), again=st.integers(0, 8))
def test_any_order_and_repetition_gives_the_persons_that_the_links_say(stream, order, again):
    sent = [*stream, *stream[:again]]
    order.shuffle(sent)
    platform = Platform()
    for each in sent:
        platform.take(each)
    assert platform.partition(stream) == expected(stream)
