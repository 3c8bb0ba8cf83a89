"""Whichever port call a process dies before or after while persons are merged, contacted and taken apart, what is held
of each is what it would be anyway.
"""

from __future__ import annotations

from functools import cache

import msgspec
import pytest

from functions.identity.people import People
from functions.persons.finding import Find
from functions.persons.unmerging import Unmerge
from shared.domain.errors import InvalidError
from tests.fault.lead import CUSTOMER, LEAD, LEAD_ADDRESS, NUMBER, add_lead
from tests.fault.test_dying_at_any_line import SENT_BUT_NOT_WRITTEN_DOWN, Killer
from tests.fault.world import KEY, NOW, Death, Watched, World, canonical


def bank(killer):
    """A customer and a lead of whom as much is known; each has had a message, and one for the lead is on its way. Then
    a signal names both.
    """
    armed = []
    world = World(lambda call: killer(call) if armed else None, [NUMBER])
    add_lead(world)
    world.receive(canonical("", "s-1", identifiers=CUSTOMER))
    world.run()
    world.receive(canonical("", "s-2", "application_abandoned", identifiers=LEAD))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    armed.append(True)
    world.receive(canonical("", "s-3", identifiers={**CUSTOMER, **LEAD}))
    world.run()
    return world


def held(world):
    """What is held of each person, without what may differ between two worlds that ended alike."""
    ids = sorted(world.store.profiles)
    profiles = {each: world.plain["persons"].profile(each).value for each in ids}
    histories = {each: world.plain["contacts"].history(each).value for each in ids}
    return {
        "profiles": {each: msgspec.structs.replace(profile, version=0) for each, profile in profiles.items()},
        "contacts": {
            each: {key: (c.decision_id, c.state, set(c.outcomes)) for key, c in history.contacts.items()}
            for each, history in histories.items()
        },
        "parts": {each: sorted(history.parts) for each, history in histories.items()},
        "sent": sorted({(sent.delivery_id, sent.address) for sent in world.provider.sent}),
        "rows": sorted({(row.row_id, row.outcome, row.person_id) for row in world.queue.rows}),
        "parked": world.quarantine.list(),
    }


@cache
def expected():
    """What is held where nobody dies: once merged, and once taken apart again."""
    world = bank(Killer())
    merged = held(world)
    unmerge(world, Killer())
    return merged, held(world)


def moments(work):
    killer = Killer()
    work(killer)
    return [pytest.param(n, id=f"{n}-{call}") for n, call in enumerate(killer.calls, 1)]


@pytest.mark.parametrize("moment", moments(bank))
def test_whoever_dies_while_two_are_merged_leaves_one_person_with_the_contacts_of_both(moment):
    killer = Killer(moment)
    died = bank(killer)

    assert held(died) == expected()[0]
    again = killer.calls[moment - 1] in SENT_BUT_NOT_WRITTEN_DOWN
    deliveries = [sent.delivery_id for sent in died.provider.sent]
    assert len(deliveries) - len(set(deliveries)) <= (1 if again else 0)


def test_the_merge_is_what_it_says():
    found = expected()[0]

    [survivor] = [each for each, profile in found["profiles"].items() if profile.fragments]
    assert found["parts"] == dict.fromkeys(found["parts"], sorted(found["profiles"]))
    assert len(found["profiles"]) == 2
    assert len(found["contacts"][survivor]) == len(found["sent"]) == 2
    assert {address for _, address in found["sent"]} > {LEAD_ADDRESS}


def unmerge(world, killer):
    """An operator takes the two apart, and tries again after a failure."""
    ports = {name: Watched(world.plain[name], killer, name) for name in ("persons", "contacts")}
    people = People(ports["persons"], lambda: "p-parted")
    use_case = Unmerge(Find(world.catalogues, ports["persons"], people, KEY), world.catalogues, people)
    for _ in range(2):
        try:
            use_case(CUSTOMER, LEAD, reason="two of one name", operator="anna", now=NOW, do=True)
        except Death:
            continue
        except InvalidError:  # they are not one person: it was done before whoever did it died
            assert any(call.startswith("after persons.rewrite") for call in killer.calls)
        return


@pytest.mark.parametrize("moment", moments(lambda killer: unmerge(bank(Killer()), killer)))
def test_whoever_dies_while_two_are_taken_apart_each_has_its_own(moment):
    died = bank(Killer())
    unmerge(died, Killer(moment))

    found = held(died)
    assert found == expected()[1]
    assert all(len(contacts) == 1 for contacts in found["contacts"].values())
    assert not any(found["parts"].values())
    assert "p-parted" not in found["profiles"]
