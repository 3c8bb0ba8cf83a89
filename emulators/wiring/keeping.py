"""What keeps the platform whole."""

from __future__ import annotations

from emulators.wiring.parts import Parts
from functions.operations import openapi as operations_openapi
from functions.operations.api import Sweeps, reconciling_routes, redriving_routes, sweeping_routes
from functions.operations.leases import SweepLeases
from functions.operations.reconciling import Reconcile
from functions.operations.redriving import Redrive
from functions.operations.sweeping import SeeOverdue, SweepDeliveries, SweepOutbox
from shared.adapters.memory.allowances import Ledgers
from shared.adapters.memory.deferrals import AbandonedDeliveries
from shared.adapters.memory.overdue import Overdue
from shared.adapters.memory.reckoning import Reckoning
from shared.runtime.service import Service, always_ready
from shared.runtime.world import utc_now


def keeping(parts: Parts) -> dict[str, Service]:
    """Operations, by its name."""
    memory = parts.memory
    deliveries = SweepDeliveries(AbandonedDeliveries(memory.store, memory.meter), memory.publisher)
    reckoning = Reckoning(memory.history, utc_now)
    memory.bus.subscribe("signals-received", reckoning.deliver, name="accepted", at_once=True)
    outbox = SweepOutbox(reckoning, parts.contacts, memory.publisher)
    leases = SweepLeases(parts.catalogues, Ledgers(memory.store, memory.meter), reckoning)
    overdue = SeeOverdue(Overdue(memory.store))
    return {
        "operations": Service(
            "operations",
            [
                *sweeping_routes(Sweeps(deliveries, outbox, leases, overdue), parts.operators, memory.meter, utc_now),
                *redriving_routes(Redrive(memory.quarantine, memory.letters), parts.operators, utc_now),
                *reconciling_routes(Reconcile(reckoning, memory.quarantine), parts.operators, utc_now),
            ],
            ready=always_ready,
            document=operations_openapi.document,
        )
    }
