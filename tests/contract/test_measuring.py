"""Sums over the history: by SQL as in memory, and both as they are worked out by hand."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.adapters.memory.measuring import Measures as InMemory
from shared.domain.measuring.arms import Sums
from shared.domain.measuring.report import REST, Arms
from shared.domain.measuring.uplift import Sides
from shared.messages import HistoryRow
from shared.ports.measuring import Canary, Period
from tests.contract.conftest import ON_EMULATORS
from tests.contract.samples import NOW
from tests.contract.test_decision_history import bigquery_host  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)
PERIOD = Period(NOW - 24 * HOUR, NOW, NOW + 24 * HOUR)
ARMS = Arms("standing", "control", {})
HELD_OUT, RANDOM = "control=held_out", "standing=random"


def in_memory(rows):
    history = memory.DecisionHistory(memory.new_sealer(memory.Store()))
    for row in rows:
        history.deliver(*envelope(row))
    return InMemory(history)


@pytest.fixture(params=["memory", pytest.param("bigquery", marks=ON_EMULATORS)])
def measures(request, project):
    if request.param == "memory":
        return in_memory
    from emulators.provisioning import bigquery_client, provision_bigquery  # noqa: PLC0415 - not always there
    from emulators.pump import row_of  # noqa: PLC0415
    from shared.adapters.measuring import Measures  # noqa: PLC0415

    client = bigquery_client(request.getfixturevalue("bigquery_host"), project)
    provision_bigquery(yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8")), client)
    table = client.get_table(f"{project}.kairos.history")

    def put(rows):
        assert client.insert_rows_json(table, [row_of(envelope(row).data, table.schema) for row in rows]) == []
        return Measures(project)

    return put


def decision(number, person, at=NOW, **known):
    return HistoryRow(
        row_id=f"d-{number}",
        kind="decision",
        occurred_at=at,
        decision_id=f"d-{number}",
        person_id=person,
        **{
            "outcome": "offered",
            "action": "saver",
            "treatment": "saver.hero",
            "asked": "web",
            "channel": "web",
            "issue": "grow",
            **known,
        },
    )


def outcome(number, person, name="click", at=NOW + HOUR, **known):
    return HistoryRow(
        row_id=known.pop("row_id", f"{name}-{number}"),
        kind="outcome",
        occurred_at=at,
        person_id=person,
        outcome=name,
        **{
            "decision_id": f"d-{number}",
            "delivery_id": f"v-{number}",
            "action": "saver",
            "channel": "web",
            "issue": "grow",
            **known,
        },
    )


def test_persons_are_in_the_arm_of_their_first_decision_and_count_once(measures):
    rows = [
        decision(1, "p-1", arms=RANDOM, value=10.0),
        decision(2, "p-1", at=NOW + HOUR),
        decision(3, "p-2", asked=None),
        decision(4, "p-3", arms=f"{HELD_OUT} {RANDOM}"),
        decision(5, "p-4", outcome="excluded"),
        decision(6, "p-5", at=NOW - HOUR),
        decision(7, "p-6", arms="other=x standing=no_levers"),
    ]
    found = measures([*rows, rows[0]]).arms(ARMS, PERIOD)

    assert found.persons == {
        ("random", ""): 1,
        ("random", "web"): 1,
        (REST, ""): 1,
        (REST, "outbound"): 1,
        ("held_out", ""): 1,
        ("held_out", "web"): 1,
        ("no_levers", ""): 1,
        ("no_levers", "web"): 1,
    }
    assert not found.cells
    assert found.scanned_bytes is None


def test_acceptances_count_once_a_delivery_and_by_what_they_were_worth(measures):
    rows = [
        decision(1, "p-1", value=10.0, at=NOW - 2 * HOUR),
        outcome(1, "p-1", at=NOW - HOUR),
        decision(2, "p-1", value=20.0),
        outcome(2, "p-1"),
        outcome(2, "p-1", "accept", at=NOW + 2 * HOUR, value=25.0),
        outcome(2, "p-1", "impression"),
        decision(3, "p-2", value=30.0),
        outcome(3, "q-2", channel="email", issue="serve"),
        outcome(9, "p-2", delivery_id=None, decision_id=None, row_id="seen elsewhere", channel=None, issue=None),
        decision(4, "p-3"),
    ]
    found = measures(rows).arms(ARMS, PERIOD)

    cells = {(cell.channel, cell.issue): cell for cell in found.cells}
    everywhere = cells["", ""]
    assert everywhere.arm == REST
    assert everywhere.accepted == Sums(0, 2, 3.0, 5.0, 1.0, 1.0, 1.0)
    assert everywhere.earned == Sums(0, 2, 25.0 + 50.0, 25.0**2 + 50.0**2, 10.0, 100.0, 250.0)
    assert cells["email", "serve"].earned == Sums(0, 1, 30.0, 900.0)
    assert set(cells) == {
        ("", ""),
        ("web", ""),
        ("", "grow"),
        ("web", "grow"),
        ("email", ""),
        ("", "serve"),
        ("email", "serve"),
    }


def test_an_action_is_measured_against_those_it_was_held_back_from(measures):
    rows = [
        decision(1, "p-1"),
        outcome(1, "p-1", "accept"),
        decision(2, "p-2"),
        outcome(2, "p-2", "dismiss"),
        decision(3, "p-3", action="tips", arms=HELD_OUT, held_back="saver.email"),
        outcome(9, "p-3", "convert", decision_id=None, delivery_id=None),
        decision(4, "p-4", action=None, arms=HELD_OUT, held_back="saver.email"),
        outcome(8, "p-4", "convert", decision_id=None, delivery_id=None, at=NOW - HOUR),
        decision(5, "p-5", action="tips"),
    ]
    found = measures(rows).uplift(PERIOD)

    assert found.sides == (Sides("saver", given=(2, 1), held_out=(2, 1)),)


def test_both_add_up_the_same_whatever_the_history_is(measures):
    draw = random.Random(11)
    rows = []
    for number in range(150):
        person = f"p-{draw.randrange(30)}"
        at = NOW + timedelta(minutes=draw.randrange(-1400, 1400))
        arms = draw.choice([None, RANDOM, HELD_OUT, f"{HELD_OUT} {RANDOM}"])
        rows.append(
            decision(
                number,
                person,
                at=at,
                arms=arms,
                asked=draw.choice(["web", None]),
                value=draw.choice([None, 12.5, 40.0]),
                action=draw.choice([None, "saver", "tips"]),
                held_back=draw.choice([None, "saver.email", "tips.sms"]) if arms and HELD_OUT in arms else None,
            )
        )
        for answer in range(draw.randrange(3)):
            name = draw.choice(["click", "accept", "dismiss"])
            channel, issue = draw.choice([("web", "grow"), ("email", "serve")])
            known = {"channel": channel, "issue": issue, "row_id": f"{number}-{answer}"}
            rows.append(outcome(number, person, name, at=at + HOUR, **known))
    rows += draw.sample(rows, 20)
    measured, by_hand = measures(rows), in_memory(rows)

    one, other = measured.arms(ARMS, PERIOD), by_hand.arms(ARMS, PERIOD)
    assert dict(one.persons) == dict(other.persons)
    assert sorted(one.cells) == [
        cell._replace(accepted=pytest.approx(cell.accepted), earned=pytest.approx(cell.earned))
        for cell in sorted(other.cells)
    ]
    assert measured.uplift(PERIOD) == by_hand.uplift(PERIOD)


def test_persons_of_a_canary_count_once_for_each_thing_they_met_with(measures):
    new, old = {"revision": "sha256:new"}, {"revision": "sha256:old"}
    rows = [
        decision(1, "p-1", elapsed_ms=900, **new),
        decision(2, "p-1", at=NOW + HOUR, action=None, outcome="all_withheld", **old),  # was of the canary before
        outcome(1, "p-1", "complaint", **new),
        outcome(1, "p-1", "unsubscribe", **new),
        decision(3, "p-2", action=None, outcome="nothing_qualified", elapsed_ms=20, **new),
        outcome(3, "p-2", "failed", **new),
        decision(4, "p-3", action=None, outcome="deferred", **old),
        outcome(4, "p-3", "click", **old),
        decision(5, "p-4", at=NOW - HOUR, **new),
        decision(6, "p-5", revision="sha256:other"),
    ]
    found = measures([*rows, rows[0]]).canary(Canary("sha256:new", "sha256:old", 500), NOW, NOW + 24 * HOUR)

    counts = [(each.persons, {guard: n for guard, n in each.met.items() if n}) for each in found]
    assert counts == [(2, {"failures": 1, "complaints": 1, "slow": 1, "no_action": 1}), (1, {})]


def test_accepted_are_decisions_of_a_prefix_with_an_acceptance_in_the_period_and_its_deliveries(measures):
    rows = [
        *(outcome(number, "p-1", "convert") for number in (11, 12, 21)),
        outcome(12, "p-1", "click", delivery_id=None),
        outcome(13, "p-1", "dismiss"),
        outcome(14, "p-1", "click", at=NOW - HOUR),
        outcome(15, "p-1", "click", decision_id=None),
    ]
    assert measures([*rows, rows[0]]).accepted(NOW, NOW + 24 * HOUR, "d-1") == {"d-11", "v-11", "d-12", "v-12"}
