"""The stages of a decision, chained through the bus and fused behind decide."""

from __future__ import annotations

from functools import partial

from emulators.wiring.parts import Parts
from functions.arbitration.handler import Arbitrate
from functions.decide import openapi as decide_openapi
from functions.decide.api import routes as decide_routes
from functions.decide.handler import Decide
from functions.deferral.api import routes as deferral_routes
from functions.deferral.deliveries import FireDeliveries
from functions.deferral.handler import FireDeferrals
from functions.delivery.handler import Deliver
from functions.eligibility.handler import Qualify
from functions.identity.handler import Identify
from functions.ingest import openapi as ingest_openapi
from functions.ingest.api import origins
from functions.ingest.api import ready as ingest_ready
from functions.ingest.api import routes as ingest_routes
from functions.ingest.handler import Ingest
from functions.suppression.handler import Suppress
from shared.adapters.channels import Connectors
from shared.adapters.channels.fragments import HttpFragments
from shared.adapters.known_paces import Timing
from shared.adapters.memory.allowances import Allowances
from shared.adapters.memory.companions import Companions
from shared.adapters.memory.deferrals import Deferrals, DeferredDeliveries
from shared.adapters.memory.paces import Paces
from shared.adapters.scoring import Scorers
from shared.adapters.scoring.asking import Ask
from shared.messages import ActionsQualified, ActionsRanked, ContactReserved, SignalIdentified, SignalReceived
from shared.runtime.door.pace import Pace
from shared.runtime.service import Service, always_ready
from shared.runtime.telemetry import log
from shared.runtime.world import new_person_id, new_request_id, pause, timer, utc_now, wait_until


def stages(parts: Parts) -> dict[str, Service]:
    """The stages by name, each subscribed to what it takes."""
    memory, meter, catalogues = parts.memory, parts.meter, parts.catalogues
    identify, qualify = Identify(catalogues, parts.persons, new_person_id), Qualify(catalogues)
    ask = Ask(Scorers(parts.egress, parts.outside.stand_ins))
    arbitrate = Arbitrate(catalogues, parts.models, lambda: ask)
    allowances = Allowances(memory.store, meter, "embedded", pause)
    suppress = Suppress(catalogues, parts.contacts, allowances, pause)
    fragments = HttpFragments(parts.egress)
    deliver = Deliver(
        catalogues,
        parts.persons,
        parts.contacts,
        parts.contact_points,
        Connectors(memory.secrets, parts.egress),
        Paces(memory.store, meter, Timing(utc_now, wait_until, pause), partial(log, "WARNING")),
        allowances=allowances,
        timer=timer,
        links=parts.bank.links(parts.outside.feedback),
        fragments=fragments,
    )
    decide = Decide(
        identify,
        qualify,
        arbitrate,
        suppress,
        catalogues=catalogues,
        publisher=memory.publisher,
        history=memory.history,
        meter=meter,
        identifier_key=parts.bank.identifier_key,
        new_id=new_request_id,
        timer=timer,
        fragments=fragments,
    )
    pace = Pace(timer, Companions(memory.store, "embedded"))
    ingest = Ingest(catalogues, memory.publisher, parts.bank.identifier_key)
    ready = catalogues.current
    return {
        "ingest": Service(
            "ingest",
            ingest_routes(ingest, catalogues, parts.door, pace, meter, utc_now),
            ready=partial(ingest_ready, catalogues, parts.door),
            origins=partial(origins, catalogues),
            document=ingest_openapi.document,
        ),
        "identity": Service("identity", parts.pushed("identity", SignalReceived, identify), ready=ready),
        "eligibility": Service("eligibility", parts.pushed("eligibility", SignalIdentified, qualify), ready=ready),
        "arbitration": Service("arbitration", parts.pushed("arbitration", ActionsQualified, arbitrate), ready=ready),
        "suppression": Service("suppression", parts.pushed("suppression", ActionsRanked, suppress), ready=ready),
        "deferral": Service(
            "deferral",
            deferral_routes(
                FireDeferrals(Deferrals(memory.store, meter), memory.publisher, timer),
                FireDeliveries(DeferredDeliveries(memory.store, meter), memory.publisher, utc_now, wait_until),
                parts.clock("deferral"),
                meter,
                utc_now,
            ),
            ready=always_ready,
        ),
        "delivery": Service("delivery", parts.pushed("delivery", ContactReserved, deliver), ready=ready),
        "decide": Service(
            "decide",
            decide_routes(decide, parts.channels, meter, utc_now),
            ready=ready,
            document=decide_openapi.document,
        ),
    }
