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


OF_MANY = [{"customer_no": f"cu{number}", "email": "em0"} for number in range(3)]
USED_BY_MANY = [{"email": f"em{number}", "device_id": "de0", "cookie_id": "co0"} for number in range(3)]
LATER = [{"email": "em3", "device_id": "de0"}, {"email": "em0", "phone": "ph0", "cookie_id": "co1"}]
ORDERS = {
    "the e-mail is shared first": [*OF_MANY, *USED_BY_MANY, *LATER],
    "the device is shared first": [*USED_BY_MANY, *OF_MANY, *LATER],
    "the e-mail is shared between": [*USED_BY_MANY[:1], *OF_MANY, *USED_BY_MANY[1:], *LATER],
    "the e-mail is shared between, backwards": [*LATER, *USED_BY_MANY[1:], *OF_MANY, *USED_BY_MANY[:1]],
}


@pytest.mark.parametrize("stream", ORDERS.values(), ids=ORDERS)
def test_what_a_shared_identifier_was_seen_with_counts_that_as_a_person_in_any_order(stream):
    platform = Platform()
    sent = numbered(signal("", each) for each in stream)
    for each in sent:
        platform.take(each)

    found = known(platform, sent)

    assert found == truth(sent)
    assert {frozenset({"device_id:de0"}), frozenset({"cookie_id:co0@20513"})} <= found.keys()


@settings(max_examples=15)
@given(stream=st.lists(happenings(), min_size=1, max_size=20).map(numbered))
def test_eight_threads_at_once_change_nothing(stream):
    platform = Platform()
    taken_at_once(platform, [*stream, *stream])

    assert known(platform, stream) == truth(stream)
