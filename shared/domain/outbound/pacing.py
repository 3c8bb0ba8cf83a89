"""The pace of a wave: how long to wait after a page, so that decisions come no faster than messages can go out."""

from __future__ import annotations

from collections import Counter

from shared.domain.catalogue import Revision
from shared.domain.outbound.wave import OPEN, OutboundWave, Page


def seconds_for(revision: Revision, wave: OutboundWave, page: Page) -> float:
    """How long the channels take for what a page may send, or the wave's own pace, whichever is more.

    With a plan, each channel takes its time for those who get it. Without one, nobody knows who gets which, and all
    channels together take theirs for everybody; where one of them has no limit, that is none.
    """
    persons = len(page.person_ids)
    own = 60 * persons / wave.per_minute if wave.per_minute else 0.0
    rates = {channel: _rate(revision, channel) for channel in revision.outbound}
    if wave.plan is None:
        together = _together(list(rates.values()))
        return max(own, persons / together) if together else own
    counts = Counter(wave.plan.channels[n] for n in page.channels if n != OPEN)
    planned = [count / rate for channel, count in counts.items() if (rate := rates.get(channel)) is not None]
    return max([own, *planned])


def _rate(revision: Revision, channel: str) -> float | None:
    """Messages a second that go out on a channel by all its connectors; None where one of them has no limit."""
    lanes = {lane.id: lane.rate_limit for lane in (revision.lane(channel, brand) for brand in revision.brands)}
    return _together([None if rate is None else rate.per_second for rate in lanes.values()])


def _together(rates: list[float | None]) -> float | None:
    known = [rate for rate in rates if rate is not None]
    return sum(known) if known and len(known) == len(rates) else None
