"""What an inbound channel is given for one request keeps every cap, as if all of it were seen."""

from __future__ import annotations

from collections import Counter
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy
from shared.domain.rules import Cap, Scope
from shared.domain.slot_rules import SlotRules
from tests.fault.world import World, bank_customers, bank_revision
from tests.ungoverned import Ungoverned

WEEK = 7 * 86_400
NO_LIMITS = SlotRules()
PLACEMENTS = {p.id: c.id for c in bank_revision().catalogue.channels for p in c.placements}


class Limited(Ungoverned):
    """The sample bank with caps of its own on what is shown, before all other rules, and slots that obey these."""

    def __init__(self, *caps, slots=NO_LIMITS):
        self._policy = limited(caps, msgspec.json.encode(slots))

    def current(self):
        return self._policy

    def get(self, _revision):
        return self._policy


@cache
def limited(caps, slots):
    catalogue = bank_revision().catalogue
    slots = msgspec.json.decode(slots, type=SlotRules)
    return Policy(Revision(msgspec.structs.replace(catalogue, rules=(*caps, *catalogue.rules), slots=slots)))


def shown_at_most(limit, per, **scope):
    return Cap(
        id=f"at_most_{limit}_per_{per}",
        limit=limit,
        outcomes=("impression",),
        window_seconds=WEEK,
        reason="Enough at once.",
        scope=Scope(**scope),
        per=per,
    )


def ask(world, number, channel, wanted):
    placements = [{"id": name, "count": count} for name, count in wanted.items()]
    answer = world.ask({"identifiers": {"customer_no": number}, "channel": channel, "placements": placements})
    assert answer.status_code == 200, answer.text
    assert not answer.json["fallback"]
    return [treatment for placement in answer.json["placements"] for treatment in placement["treatments"]]


SITUATIONS = {
    "in one placement": ("C000037", {"web.home.hero": 6}, "group"),
    "in two placements": ("C000037", {"web.home.hero": 1, "web.home.tile": 1}, "brand"),
    "in two placements of several": ("C000063", {"web.home.hero": 3, "web.home.tile": 3}, "group"),
}


@pytest.mark.parametrize(("number", "wanted", "per"), SITUATIONS.values(), ids=SITUATIONS)
def test_a_cap_of_one_does_not_let_two_be_shown_side_by_side(number, wanted, per):
    free = ask(World(customers=[number], catalogues=Limited()), number, "web", wanted)
    world = World(customers=[number], catalogues=Limited(shown_at_most(1, per)))
    capped = ask(world, number, "web", wanted)

    assert most(free, per) > 1  # else this shows nothing
    assert most(capped, per) == 1
    [row] = world.queue.rows
    stops = [w for w in msgspec.json.decode(row.record)["withheld"] if w["rule"] == f"at_most_1_per_{per}"]
    assert stops
    assert all((stop["count"], stop["limit"]) == (1, 1) for stop in stops)


def most(shown, per):
    """How many of the treatments shown share one value of this dimension."""
    actions = [bank_revision().treatment(treatment["treatment"])[0] for treatment in shown]
    values = Counter(getattr(action, "id" if per == "action" else per) if per else None for action in actions)
    return max(values.values(), default=0)


@settings(max_examples=40, deadline=None)
@given(
    number=st.sampled_from(sorted(bank_customers())),
    channel=st.sampled_from(["web", "mobile_app"]),
    counts=st.lists(st.integers(1, 6), min_size=3, max_size=3),
    limit=st.integers(1, 3),
    per=st.sampled_from([None, "brand", "issue", "group", "action"]),
)
def test_no_cap_is_exceeded_by_what_is_shown_at_once(number, channel, counts, limit, per):
    wanted = dict(zip([p for p, c in PLACEMENTS.items() if c == channel], counts, strict=False))
    cap = shown_at_most(limit, per, channels=(channel,))

    slots = bank_revision().catalogue.slots
    shown = ask(World(customers=[number], catalogues=Limited(cap, slots=slots)), number, channel, wanted)

    assert most(shown, per) <= limit
