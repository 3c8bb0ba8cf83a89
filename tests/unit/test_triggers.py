"""Which signals start a decision: by type, by condition, and not again too soon, whatever comes twice or at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from functions.identity.handler import Identify
from shared.adapters.memory.catalogues import Catalogues
from shared.adapters.memory.persons import Persons
from shared.adapters.memory.store import Store
from shared.authoring import build, read
from shared.domain.signal import Signal, decision_id
from shared.domain.triggers import MOST_ENTRIES, Entry, entered, merged_entries
from shared.messages import HistoryRow, SignalIdentified, SignalReceived
from shared.runtime.metering import RequestMeter

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PLAIN = read(Path(__file__).parent / "authoring_cases" / "plain")
SIGNALS = """
signals:
  viewed: {description: Viewed., properties: {page: {type: string, description: Which}}}
  paid: {description: Paid., properties: {amount: {type: double, description: In pounds}}}
  noted: {description: Noted.}
  asked: {description: Asked.}
"""
FEATURES = """
features:
  - {name: views_7d, kind: count, description: Views., types: [viewed], window: 7d, default: 0}
  - {name: pages, kind: distinct, description: Pages., types: [viewed], of: signal.properties.page, window: 30d}
"""
TRIGGERS = """
triggers:
  - {name: paid, types: [paid], when: signal.properties.amount >= 100.0}
  - {name: looks_again, types: [viewed], when: profile.views_7d >= 2, not_again_within: 1d}
  - {name: asked, types: [asked], not_again_within: 6h}
"""


class World:
    """Identity over memory."""

    def __init__(self) -> None:
        files = {
            **PLAIN,
            "schema.yaml": PLAIN["schema.yaml"] + SIGNALS,
            "features.yaml": FEATURES,
            "triggers.yaml": TRIGGERS,
            "actions/red.yaml": PLAIN["actions/red.yaml"].replace("profile.balance > 100.0", "profile.pages > 0"),
        }
        self.meter, self.store = RequestMeter(), Store()
        catalogues = Catalogues(self.store)
        catalogues.publish(build(files))
        ids = count(1)
        self.identify = Identify(catalogues, Persons(self.store, self.meter), lambda: f"p-{next(ids)}")

    def takes(self, signal: Signal, *, asked: bool = False) -> SignalIdentified | HistoryRow:
        decision = decision_id(signal.source, signal.id)
        received = SignalReceived(
            message_id=f"{decision}:signal.received", decision_id=decision, occurred_at=signal.at, signal=signal
        )
        [came_to] = self.identify(received, max(NOW, signal.at), asked=asked)
        return came_to

    def says(self, signal: Signal) -> str:
        came_to = self.takes(signal)
        return came_to.outcome if isinstance(came_to, HistoryRow) else "decided"


@pytest.fixture
def world() -> World:
    return World()


def signal(number: int, kind: str, after: timedelta = timedelta(0), **properties: object) -> Signal:
    at = NOW + after
    return Signal(
        id=f"s-{number}",
        type=kind,
        at=at,
        received_at=at,
        source="web",
        identifiers={"customer_no": "ab" * 32},
        properties=properties,
    )


def test_what_no_trigger_takes_updates_the_profile_and_ends_with_a_row(world):
    row = world.takes(signal(1, "viewed", page="home"))

    assert isinstance(row, HistoryRow)
    assert (row.kind, row.outcome, row.person_id) == ("signal", "no_trigger", "p-1")
    assert world.says(signal(2, "noted")) == "no_trigger"


def test_a_condition_reads_the_signal_and_one_that_cannot_be_read_starts_nothing(world):
    assert world.says(signal(1, "paid", amount=120.0)) == "decided"
    assert world.says(signal(2, "paid", amount=20.0)) == "no_trigger"
    assert world.says(signal(3, "paid")) == "no_trigger"


def test_a_feature_counts_the_signal_that_asks_and_the_decision_reads_it(world):
    assert world.says(signal(1, "viewed", page="home")) == "no_trigger"

    identified = world.takes(signal(2, "viewed", page="rates"))

    assert isinstance(identified, SignalIdentified)
    assert identified.profile.attributes == {"views_7d": 2, "pages": 2}
    assert identified.profile.version == 2


def test_whatever_starts_a_decision_it_reads_what_came_before(world):
    world.takes(signal(1, "viewed", page="home"))

    identified = world.takes(signal(2, "paid", amount=500.0))

    assert isinstance(identified, SignalIdentified)
    assert identified.profile.attributes == {"views_7d": 1, "pages": 1}
    assert world.takes(signal(3, "noted"), asked=True).profile.attributes["views_7d"] == 1  # type: ignore[union-attr]


def test_a_signal_that_changes_nothing_writes_nothing(world):
    world.says(signal(1, "viewed", page="home"))
    before = world.meter.spent()

    assert world.says(signal(2, "noted")) == "no_trigger"
    assert world.says(signal(1, "viewed", page="home")) == "no_trigger"

    assert world.meter.spent().writes == before.writes


def test_not_again_within_its_time_and_again_after_it(world):
    assert world.says(signal(1, "asked")) == "decided"
    assert world.says(signal(2, "asked", timedelta(hours=5))) == "re_entry"
    assert world.says(signal(3, "asked", timedelta(hours=-5))) == "re_entry"
    assert world.says(signal(4, "asked", timedelta(hours=6))) == "decided"


def test_the_same_signal_starts_the_same_decision_however_often_it_comes(world):
    first = world.takes(signal(1, "asked"))
    world.takes(signal(4, "asked", timedelta(hours=6)))
    again = world.takes(signal(1, "asked"))

    assert isinstance(first, SignalIdentified)
    assert isinstance(again, SignalIdentified)
    assert first.decision_id == again.decision_id


def test_of_many_at_once_one_starts_a_decision(world):
    world.says(signal(0, "noted"))
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(world.says, [signal(n, "asked", timedelta(seconds=n)) for n in range(1, 9)]))

    assert sorted(said) == ["decided", *["re_entry"] * 7]


def test_who_waits_for_an_answer_gets_one_and_it_counts_for_no_trigger(world):
    assert isinstance(world.takes(signal(1, "noted"), asked=True), SignalIdentified)
    assert world.says(signal(2, "asked")) == "decided"


def test_what_is_remembered_is_bounded_and_what_may_be_forgotten_starts_nothing():
    apart = 60_000
    past: tuple[Entry, ...] = ()
    for number in range(40):
        after = entered(past, signal(number, "asked", timedelta(minutes=number)), apart)
        assert after is not None
        past = after

    assert len(past) == MOST_ENTRIES
    assert entered(past, signal(0, "asked"), apart) is None


def test_of_two_persons_that_become_one_both_are_remembered():
    one = entered((), signal(1, "asked"), 60_000)
    other = entered((), signal(2, "asked", timedelta(hours=1)), 60_000)
    assert one is not None
    assert other is not None

    assert merged_entries({"a": one}, {"a": other}) == merged_entries({"a": other}, {"a": one}) == {"a": one + other}
    assert merged_entries({"a": one}, {"b": other}) == {"a": one, "b": other}
