"""Metering: what a request costs, and nothing of what another does."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.usage import Usage
from shared.runtime.metering import RequestMeter

USAGES = st.builds(Usage, reads=st.integers(0), writes=st.integers(0), messages=st.integers(0), bytes=st.integers(0))


def test_a_request_counts_from_zero():
    meter = RequestMeter()
    with meter.request():
        meter.add(reads=1, writes=2)
        meter.add(reads=1, messages=3, bytes_=4)
        assert meter.spent() == Usage(reads=2, writes=2, messages=3, bytes=4)
    with meter.request():
        assert meter.spent() == Usage()


def test_a_request_within_a_request_counts_for_itself():
    meter = RequestMeter()
    with meter.request():
        meter.add(reads=1)
        with meter.request():
            meter.add(reads=5)
            assert meter.spent() == Usage(reads=5)
        assert meter.spent() == Usage(reads=1)


def test_outside_of_a_request_nobody_pays():
    meter = RequestMeter()

    meter.add(reads=1)

    assert meter.spent() == Usage()


def test_requests_at_once_do_not_pay_for_each_other():
    meter, together, spent = RequestMeter(), threading.Barrier(4), {}

    def serve(number):
        with meter.request():
            together.wait()
            for _ in range(number):
                meter.add(reads=1)
            together.wait()
            spent[number] = meter.spent().reads

    threads = [threading.Thread(target=serve, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert spent == {number: number for number in range(4)}


def test_two_meters_count_apart():
    one, other = RequestMeter(), RequestMeter()

    with one.request(), other.request():
        one.add(reads=1)
        assert other.spent() == Usage()


@given(USAGES, USAGES, USAGES)
def test_usage_adds_up_in_any_order(a, b, c):
    assert (a + b) + c == c + (b + a)
    assert a + Usage() == a
