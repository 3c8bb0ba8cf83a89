"""Volumes and budgets as decisions meet them: whoever comes late is told so, and nobody takes twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.domain.allowance import MICROPOUNDS, Ledger
from shared.domain.catalogue import Revision
from shared.domain.contact import Contact
from shared.domain.contact_policy import Closed
from shared.domain.decision import DecisionRecord
from shared.domain.errors import PermanentError, TransientError
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from shared.domain.rules import Budget, Scope, Volume
from tests.e2e.platforms import everybody, is_ordinary
from tests.fault.quiet_bank import Under
from tests.fault.test_dying_at_any_line import Killer
from tests.fault.world import NOW, Interleaver, World, canonical, ordinary

MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
PEOPLE = [row["customer_no"] for row in everybody() if is_ordinary(row)][:6]
CALLERS = ["C000002", "C000005", "C000006", "C000011"]
"""Customers who have something to be offered when they call; the first has three."""

WRITTEN = Scope(channels=("email", "sms", "push"))


def volume(limit, **changes):
    return Volume(**{"id": "written_day", "limit": limit, "period": "day", "reason": "Enough.", **changes})


def records(world):
    return [msgspec.json.decode(row.record, type=DecisionRecord) for row in world.queue.rows if row.kind == "decision"]


def spent(world):
    """What the ledger of the volume says is gone, and what blocks hold of it."""
    kept = {ledger_id: document for (_, ledger_id), document in world.store.ledgers.items()}
    ours = [document for ledger_id, document in kept.items() if ledger_id.startswith("written_day@")]
    ledgers = [msgspec.json.decode(document.data, type=Ledger) for document in ours]
    return sum(ledger.spent for ledger in ledgers), sum(sum(ledger.blocks.values()) for ledger in ledgers)


def test_who_comes_after_the_last_is_withheld_until_the_period_ends():
    world = World(customers=PEOPLE, catalogues=Under(volume(2, scope=WRITTEN)))
    for number in PEOPLE[:3]:
        world.receive(canonical(number, f"s-{number}"))
        world.run()

    assert len(world.provider.sent) == 2
    *_, last = records(world)
    [stop, *_] = last.withheld
    assert last.result == "all_withheld"
    assert (stop.rule, stop.kind, stop.count, stop.limit, stop.allowed_at) == ("written_day", "volume", 2, 2, MIDNIGHT)
    assert last.read.closed == {"written_day": Closed(opens_at=MIDNIGHT, count=2)}
    for record in records(world):
        assert replay(world.catalogues.current(), record).agrees

    world.now = MIDNIGHT
    world.receive(canonical(PEOPLE[3], "s-tomorrow", at=MIDNIGHT, received_at=MIDNIGHT))
    world.run()
    assert len(world.provider.sent) == 3


def test_the_runner_up_on_another_channel_goes_out():
    world = World(customers=PEOPLE, catalogues=Under())
    world.receive(canonical(PEOPLE[0], "s-1"))
    world.run()
    channel = world.provider.sent[0].channel

    capped = World(customers=PEOPLE, catalogues=Under(volume(0, scope=Scope(channels=(channel,)))))
    capped.receive(canonical(PEOPLE[0], "s-1"))
    capped.run()

    [record] = records(capped)
    assert record.result == "reserved"
    assert capped.provider.sent[0].channel != channel
    assert {each.rule for each in record.withheld} >= {"written_day"}
    assert replay(capped.catalogues.current(), record).agrees


def test_a_budget_that_cannot_pay_for_the_winner_still_pays_for_what_is_cheaper():
    price = {c.id: c.price for c in Under().current().revision.catalogue.channels}
    assert price["sms"] > price["email"]
    budget = Budget(id="pennies", pounds=price["email"] * 2, period="day", reason="Spent.", scope=WRITTEN)
    texts = volume(0, id="no_push", scope=Scope(channels=("push",)))
    world = World(customers=PEOPLE, catalogues=Under(budget, texts))
    for number in PEOPLE[:4]:
        world.receive(canonical(number, f"s-{number}"))
        world.run()

    assert [sent.channel for sent in world.provider.sent] == ["email", "email"]
    for record in records(world):
        assert replay(world.catalogues.current(), record).agrees


class Long(Under):
    """The bank whose text messages all become two, which is known of none before it is written."""

    def __init__(self, *rules):
        super().__init__(*rules)
        catalogue = self.current().revision.catalogue
        text = "{{ brand.name }}" + "a" * 200
        actions = [
            msgspec.structs.replace(
                action,
                treatments=tuple(
                    msgspec.structs.replace(each, content={**each.content, "text": text}, segments=1)
                    if each.channel == "sms"
                    else each
                    for each in action.treatments
                ),
            )
            for action in catalogue.actions
        ]
        self._policy = Policy(Revision(msgspec.structs.replace(catalogue, actions=tuple(actions))))


def test_a_text_message_costs_as_many_as_it_becomes():
    price = {c.id: c.price for c in Under().current().revision.catalogue.channels}
    budget = Budget(id="texts", pounds=price["sms"] * 3, period="day", reason="Spent.", scope=Scope(channels=("sms",)))
    none_else = [volume(0, id=f"no_{channel}", scope=Scope(channels=(channel,))) for channel in ("email", "push")]
    world = World(customers=PEOPLE, catalogues=Long(budget, *none_else))
    for number in PEOPLE[:4]:
        world.receive(canonical(number, f"s-{number}"))
        world.run()

    assert [sent.channel for sent in world.provider.sent] == ["sms", "sms"]
    assert [row.cost for row in world.queue.rows if row.outcome == "sent"] == [price["sms"] * 2] * 2
    [ledger] = [msgspec.json.decode(each.data, type=Ledger) for each in world.store.ledgers.values()]
    assert ledger.spent == round(price["sms"] * 4 * MICROPOUNDS)


def test_what_costs_nothing_needs_nothing_of_a_budget():
    world = World(customers=PEOPLE, catalogues=Under(Budget(id="none", pounds=0, period="day", reason="Spent.")))
    request = {"identifiers": {"customer_no": PEOPLE[0]}, "channel": "web", "placements": [{"id": "web.home.hero"}]}

    assert world.ask(request).json["placements"][0]["treatments"]


def test_a_decision_that_comes_again_takes_nothing_again():
    world = World(customers=PEOPLE, catalogues=Under(volume(50, scope=WRITTEN)))
    world.receive(canonical(PEOPLE[0], "s-1"))
    world.run(until=lambda: world.queue.waiting[0][0] == "actions-ranked")
    ranked = world.queue.waiting[0]
    world.run()
    for _ in range(5):
        assert world.push(*ranked)

    assert spent(world) == (1, 0)


def test_a_contact_that_is_released_is_not_given_back():
    world = World(customers=PEOPLE, catalogues=Under(volume(1, scope=WRITTEN)))

    def refuse(_sent):
        raise PermanentError("the provider answered 400")

    world.provider.behaviour = refuse
    for number in PEOPLE[:2]:
        world.receive(canonical(number, f"s-{number}"))
        world.run()

    assert [record.result for record in records(world)] == ["reserved", "all_withheld"]


def test_a_contact_costs_its_reads_and_writes_and_a_lease_now_and_then():
    world = World(customers=PEOPLE, catalogues=Under(volume(100_000, scope=WRITTEN)))
    for number in PEOPLE[:3]:
        world.receive(canonical(number, f"s-{number}"))
        world.run()

    costs = [(row.reads, row.writes) for row in world.queue.rows if row.outcome == "sent"]
    assert costs == [(6, 5), (5, 4), (5, 4)]


# inbound: an offer takes


def desk(number, count=1):
    placements = [{"id": "call_centre.desktop.offers", "count": count}]
    return {"identifiers": {"customer_no": number}, "channel": "call_centre", "placements": placements}


def offered(world, number, count=1):
    return world.ask(desk(number, count)).json["placements"][0]["treatments"]


def test_an_offer_takes_of_a_volume_when_it_is_made():
    free = World(customers=CALLERS, catalogues=Under())
    assert all(offered(free, number) for number in CALLERS[:3])  # else this shows nothing

    world = World(customers=CALLERS, catalogues=Under(volume(2, scope=Scope(channels=("call_centre",)))))
    given = [len(offered(world, number)) for number in CALLERS[:3]]

    assert given == [1, 1, 0]
    assert records(world)[-1].withheld[0].kind == "volume"
    for record in records(world):
        assert replay(world.catalogues.current(), record).agrees


def test_of_several_offers_at_once_as_many_are_made_as_there_are_left():
    number = CALLERS[0]
    assert len(offered(World(customers=[number], catalogues=Under()), number, 3)) == 3
    world = World(customers=[number], catalogues=Under(volume(2, scope=Scope(channels=("call_centre",)))))

    assert len(offered(world, number, 3)) == 2

    [record] = records(world)
    assert record.read.closed == {"written_day": Closed(opens_at=MIDNIGHT, count=0, left=2)}
    assert replay(world.catalogues.current(), record).agrees
    assert spent(world) == (2, 0)


# races and deaths


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    limit=st.integers(1, 3),
    copies=st.lists(st.integers(1, 2), min_size=4, max_size=4),
    choices=st.lists(st.integers(0, 11), max_size=300),
)
def test_no_interleaving_lets_more_through_than_there_are(limit, copies, choices):
    interleaver = Interleaver(iter(choices))
    world = World(interleaver.announce, PEOPLE[:4], Under(volume(limit, scope=WRITTEN)))
    for number, times in zip(PEOPLE, copies, strict=False):
        for _ in range(times):
            world.receive(canonical(number, f"s-{number}"))
    while world.queue.waiting:
        batch = list(world.queue.waiting)
        world.queue.waiting.clear()
        late = []

        def take(message, late=late):
            if not world.push(*message):
                late.append(message)

        interleaver.run([lambda message=message: take(message) for message in batch])
        world.queue.waiting.extend(late)
        world.now += timedelta(seconds=25 if late else 1)

    contacts = [
        msgspec.json.decode(data, type=Contact)
        for history in world.store.histories.values()
        for data in history.contacts.values()
    ]
    taken, _ = spent(world)
    assert len(contacts) <= taken <= limit
    results = {record.decision_id: record.result for record in records(world) if record.result == "reserved"}
    assert len(results) == len(contacts)


def live(killer):
    armed = []
    world = World(lambda call: killer(call) if armed else None, [ordinary()], Under(volume(5, scope=WRITTEN)))
    armed.append(True)
    world.receive(canonical(ordinary(), "s-1"))
    world.run()
    return world


def moments():
    killer = Killer()
    live(killer)
    return [pytest.param(n, id=f"{n}-{call}") for n, call in enumerate(killer.calls, 1)]


@pytest.mark.parametrize("moment", moments())
def test_whoever_dies_wherever_a_contact_is_taken_for_and_one_more_is_lost_at_the_most(moment):
    died = live(Killer(moment))

    taken, _ = spent(died)
    assert 1 <= taken <= 2
    assert len({sent.delivery_id for sent in died.provider.sent}) == 1


def test_an_offer_that_cannot_be_kept_takes_nothing():
    world = World(customers=CALLERS, catalogues=Under(volume(1, scope=Scope(channels=("call_centre",)))))
    present = world.plain["contacts"].present

    def unreachable(_deliveries, *, folding=None):
        raise TransientError("no answer")

    world.plain["contacts"].present = unreachable
    assert world.ask(desk(CALLERS[0])).json["fallback"]
    world.plain["contacts"].present = present

    world.now = NOW + timedelta(minutes=1)
    assert offered(world, CALLERS[1])
