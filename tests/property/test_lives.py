"""Any order, repetition and split of the same signals gives the same persons, attributes, features and consents."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.property.identities import Platform, signal
from tests.property.lives import Lives, happenings
from tests.property.truth import known, numbered, taken_at_once, truth

TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=80, stateful_step_count=14, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("whom", range(3))
def test_what_hung_on_somebody_who_was_taken_apart_is_erased_with_them_and_with_nobody_else(whom):
    lives = Lives()
    both, lead = {"customer_no": "cu0", "crm_id": "cr0"}, {"crm_id": "cr0", "cookie_id": "co0"}
    lives.begin([signal("both", both), signal("lead", lead)])
    lives.part(0)
    lives.erase(whom)
    later = ({"customer_no": "cu1", "cookie_id": "co0"}, {"cookie_id": "co0"}, {"crm_id": "cr0", "cookie_id": "co1"})
    lives.come([signal("later", each) for each in later], late=False)

    lives.teardown()


@settings(max_examples=15)
@given(stream=st.lists(happenings(), min_size=1, max_size=20).map(numbered))
def test_eight_threads_at_once_change_nothing(stream):
    platform = Platform()
    taken_at_once(platform, [*stream, *stream])

    assert known(platform, stream) == truth(stream)
