"""Closing response windows: what nobody responded to in time has the outcome `no_response`.

Windows are swept with every minute. What was answered is let go without a word. The outcome of a window has an id that
follows from the delivery, so it does not matter that a sweep dies between taking and closing, or that two sweeps meet.
An answer that comes later puts it right.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from functions.feedback.taking import TakeOutcomes, Told
from shared.domain.outcome import Outcome
from shared.domain.signal import digest
from shared.ports import OpenWindow, ResponseWindows, Timer

PAGE = 200
"""Windows that are read, taken and closed together."""

SWEEP_SECONDS = 50.0
"""After this long a sweep begins no other page: the next one is about to begin, and takes over."""


class Closed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a sweep.

    Attributes:
        closed: windows that were closed.
        no_response: those of them in which nobody responded.
        more: whether it ended before it had seen all that were due.
    """

    closed: int
    no_response: int
    more: bool


class CloseWindows:
    """The use case over its ports."""

    def __init__(self, windows: ResponseWindows, take: TakeOutcomes, timer: Timer) -> None:
        """Close what is due in `windows`, and stop in time by `timer`."""
        self._windows = windows
        self._take = take
        self._timer = timer

    def __call__(self, now: datetime) -> Closed:
        """Close what is due, page by page.

        Raises:
            TransientError: a store or the topic did not answer; what is not closed is with the next sweep.
        """
        began, closed, silent = self._timer(), 0, 0
        while due := self._windows.due(now, PAGE):
            told = [Told(_no_response(each), each.delivery) for each in due if each.delivery is not None]
            taken = self._take(told, now)
            self._windows.close([each for each in due if not each.shown or _id(each) not in taken])
            closed += len(due)
            silent += sum(not again for again in taken.values())
            if len(due) < PAGE:
                break
            if self._timer() - began >= SWEEP_SECONDS:
                return Closed(closed=closed, no_response=silent, more=True)
        return Closed(closed=closed, no_response=silent, more=False)


def _no_response(window: OpenWindow) -> Outcome:
    return Outcome(id=_id(window), outcome="no_response", delivery_id=window.delivery_id, at=window.respond_by)


def _id(window: OpenWindow) -> str:
    return "o-" + digest("outcome", window.delivery_id, "no_response")
