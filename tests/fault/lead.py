"""A lead of the CRM, of whom as much is known as of the customer that it turns out to be."""

from __future__ import annotations

import msgspec

from shared.domain.identifiers import keyed_hash
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from tests.contract.samples import create
from tests.fault.world import KEY, NOW, World, ordinary

NUMBER = ordinary()
CUSTOMER, LEAD = {"customer_no": NUMBER}, {"crm_id": "crm-1"}
LEAD_ID, LEAD_ADDRESS = "p-lead", "lead@example.org"


def add_lead(world: World) -> str:
    """Make the lead of the one customer of a world; the customer's id."""
    [document] = world.store.profiles.values()
    customer = msgspec.json.decode(document.data, type=Person)
    value = keyed_hash(KEY, "crm_id", LEAD["crm_id"])
    entry = Identifier(
        namespace="crm_id",
        value=value,
        person_id=LEAD_ID,
        signal_id="s-0",
        source="crm",
        at=NOW,
        rule="first_seen",
    )
    lead = msgspec.structs.replace(customer, person_id=LEAD_ID, unique={"crm_id": value})
    create(world.plain["persons"], lead, [entry])
    world.plain["contact_points"].put({LEAD_ID: dict.fromkeys(("email", "sms", "push"), LEAD_ADDRESS)})
    return customer.person_id
