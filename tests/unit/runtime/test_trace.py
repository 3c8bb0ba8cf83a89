"""Traces: one trace id from the first request to the last message, a new span for each hop."""

from __future__ import annotations

from contextvars import copy_context

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.runtime import trace

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def entered(traceparent):
    """The trace that a request enters, by itself."""
    return copy_context().run(trace.continue_from, traceparent)


def test_a_trace_goes_on_in_a_new_span_with_its_flags():
    for flags in ("00", "01"):
        here = entered(GIVEN[:-2] + flags)

        trace_id, span_id, _ = trace.ids(here)
        assert trace_id == "0af7651916cd43dd8448eb211c80319c"
        assert span_id != "b7ad6b7169203331"
        assert here.endswith(f"-{flags}")


@pytest.mark.parametrize(
    "traceparent",
    [
        None,
        "",
        "nonsense",
        GIVEN.upper(),
        GIVEN[:-1],
        GIVEN + "\n",
        "ff" + GIVEN[2:],
        GIVEN + "-more",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
    ],
)
def test_without_a_valid_one_a_new_trace_begins(traceparent):
    here = entered(traceparent)

    assert trace.ids(here)
    assert "0af7651916cd43dd8448eb211c80319c" not in here
    assert entered(traceparent) != here


@given(st.text())
def test_any_header_is_continued_or_left(traceparent):
    assert trace.ids(entered(traceparent)) is not None


def test_outside_of_a_request_there_is_none():
    assert copy_context().run(trace.current) == trace.current()
    assert trace.ids("") is None


def test_a_request_has_its_own():
    def serve(traceparent):
        trace.continue_from(traceparent)
        return trace.current()

    first, second = copy_context().run(serve, GIVEN), copy_context().run(serve, None)

    assert trace.ids(first).trace == trace.ids(GIVEN).trace
    assert trace.ids(second).trace != trace.ids(first).trace
