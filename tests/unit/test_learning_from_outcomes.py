"""What becomes of treatments teaches by what was known of the person, and the next decision looks at that."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta

import msgspec

from shared.domain.candidates import known
from shared.domain.catalogue import Challenger, Learning, Revision
from shared.domain.contact import Contact
from shared.domain.decision import DecisionRecord
from shared.domain.delivery import Delivery
from shared.domain.policy.policy import Policy
from shared.domain.predictors import CELL, SCORES, SHADOWS, Predictors, scores_in, taught_by
from tests.fault.world import NOW, World, bank_customers, bank_policy, canonical
from tests.ungoverned import Ungoverned

PREDICTORS = Predictors(bank_policy().revision.catalogue.predictors)


def customers(has_app):
    profiles = {number: customer.profile for number, customer in bank_customers().items()}
    found = [n for n, known in profiles.items() if known.attributes["has_app"] is has_app and not known.flags]
    return sorted(found)[:60]


def offered(world, customer):
    """The treatments offered to a customer on the site, and the record of that."""
    answer = world.ask({"identifiers": {"customer_no": customer}, "channel": "web", "brand": "northmoor"}).json
    shown = [treatment for placement in answer["placements"] for treatment in placement["treatments"]]
    record = msgspec.json.decode(world.queue.rows[-1].record, type=DecisionRecord)
    return shown, known(bank_policy(), record)


def tell(world, delivery_id, outcome):
    body = json.dumps({"outcome": outcome, "delivery_id": delivery_id}).encode()
    assert world.record(body, world.now).accepted[0]["duplicate"] is False


def test_those_who_accept_are_told_from_those_who_do_not():
    world = World(customers=customers(has_app=True) + customers(has_app=False))
    fond, cool = customers(has_app=True)[0], customers(has_app=False)[0]
    before = [offered(world, customer)[1] for customer in (fond, cool)]
    outcomes_told = 0
    for has_app, outcomes in ((True, ("click", "dismiss")), (False, ("dismiss", "dismiss"))):
        for number, customer in enumerate(customers(has_app)):
            for shown in offered(world, customer)[0]:
                tell(world, shown["delivery_id"], outcomes[number % 2])
                outcomes_told += 1
    counts = world.models.counts()
    assert sum(model.positives + model.negatives for model in counts.values()) == outcomes_told
    for model in counts.values():
        for by_cell, total in (
            (model.positives_by_cell, model.positives),
            (model.negatives_by_cell, model.negatives),
        ):
            for names in PREDICTORS.cells:
                assert sum(by_cell.get(name, 0) for name in names) == total
    after = [offered(world, customer)[1] for customer in (fond, cool)]
    learnt = {name.partition("@")[0] for name, model in counts.items() if model.positives and model.negatives}
    both = [treatment for treatment in learnt if all(treatment in told for told in (*before, *after))]
    assert both
    for treatment in both:
        assert before[0][treatment] == before[1][treatment]
        assert after[0][treatment] > after[1][treatment]


def test_a_delivery_carries_the_cells_of_its_decision_from_reservation_to_outcome():
    [customer] = customers(has_app=True)[:1]
    world = World(customers=[customer])
    world.receive(canonical(customer, "s-1", kind="application_abandoned", properties={"product": "loan"}))
    waiting = "contacts-reserved"
    world.run(until=lambda: world.queue.waiting[0][0] == waiting)
    [history] = world.store.histories.values()
    [reserved] = [msgspec.json.decode(data, type=Contact) for data in history.contacts.values()]
    cells, _, score = taught_by(reserved.bins)
    assert [cell in names for cell, names in zip(cells, PREDICTORS.cells, strict=True)] == [True] * len(PREDICTORS)
    assert {len(cell) for cell in cells} == {CELL}

    world.run()

    [document] = world.store.deliveries.values()
    delivery = msgspec.json.decode(document.data, type=Delivery)
    assert (delivery.state, delivery.bins) == ("sent", reserved.bins)
    [sent] = [msgspec.json.decode(data, type=Contact) for data in history.contacts.values()]
    assert sent.bins == ""
    world.now = NOW + timedelta(minutes=5)
    tell(world, delivery.delivery_id, "accept")
    assert world.models.counts()[delivery.model].positives_by_cell == dict.fromkeys((*cells, *scores_in(score)), 1)


def test_only_what_ranks_loads_numpy():
    program = """
import sys
from functions.ingest import handler
from functions.identity import handler
from functions.eligibility import handler
from functions.suppression import handler
from functions.delivery import handler
from functions.feedback import handler
from shared import messages, ports
from shared.domain import contact_policy, offering
assert "numpy" not in sys.modules
from functions.arbitration import handler
assert "numpy" in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


class Challenged(Ungoverned):
    """The sample bank, with models that see pairs, forget, are calibrated and are challenged."""

    policy = Policy(
        Revision(
            msgspec.structs.replace(
                bank_policy().revision.catalogue,
                learning=Learning(
                    parents=("profile.has_app", "signal.type"),
                    half_life_days=90,
                    calibrated=True,
                    challenger=Challenger(parents=("signal.type",)),
                ),
            )
        )
    )

    def current(self):
        return self.policy

    def get(self, _revision):
        return self.policy


def test_all_that_the_catalogue_says_of_learning_travels_with_a_delivery_and_is_learnt():
    [customer] = customers(has_app=True)[:1]
    world = World(customers=[customer], catalogues=Challenged())
    answer = world.ask({"identifiers": {"customer_no": customer}, "channel": "web", "brand": "northmoor"}).json
    shown = [treatment for placement in answer["placements"] for treatment in placement["treatments"]]
    tell(world, shown[0]["delivery_id"], "click")
    [by_era] = world.store.eras.values()
    [counts] = by_era.values()
    assert not world.store.models
    assert counts.era.half_life_days == 90
    assert len(counts.positives_by_pair) == 2
    assert len(counts.positives_by_cell) == len(PREDICTORS) + 2
    assert len(counts.positives_by_cell.keys() & {*SCORES}) == 1
    assert len(counts.positives_by_cell.keys() & {*SHADOWS}) == 1
