"""Any order, repetition and split of the same signals gives the same persons, attributes, features and consents."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.identities import Platform
from tests.property.lives import Lives, happenings, known, numbered, taken_at_once, truth

TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=80, stateful_step_count=14, suppress_health_check=[HealthCheck.too_slow])


@settings(max_examples=15)
@given(stream=st.lists(happenings(), min_size=1, max_size=20).map(numbered))
def test_eight_threads_at_once_change_nothing(stream):
    platform = Platform()
    taken_at_once(platform, [*stream, *stream])

    assert known(platform, stream) == truth(stream)
