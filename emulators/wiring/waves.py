"""What sends waves."""

from __future__ import annotations

from emulators.wiring.parts import Parts
from functions.waves import openapi as waves_openapi
from functions.waves.api import UseCases, routes
from functions.waves.finding import Find
from functions.waves.planning import MakePlan
from functions.waves.reconciling import Reconcile
from functions.waves.sending import Send
from functions.waves.starting import Start
from functions.waves.steering import Steer
from shared.adapters.memory.allowances import Allowances
from shared.adapters.memory.waves import Audiences, Members, WaveHistory, Waves
from shared.runtime.service import Service
from shared.runtime.world import pause, utc_now


def waves(parts: Parts) -> dict[str, Service]:
    """The function `waves`, by its name."""
    memory, catalogues = parts.memory, parts.catalogues
    kept, audiences = Waves(memory.store), Audiences()
    allowances = Allowances(memory.store, memory.meter, "waves", pause)
    plan = MakePlan(kept, catalogues, parts.models, parts.persons, parts.contacts, allowances)
    use = UseCases(
        start=Start(kept, audiences, catalogues),
        find=Find(kept, audiences, Members(memory.store), catalogues),
        plan=lambda: plan,
        send=Send(kept, catalogues, allowances),
        reconcile=Reconcile(kept, WaveHistory(memory.history), memory.quarantine),
        steer=Steer(kept),
    )
    return {
        "waves": Service(
            "waves",
            routes(use, parts.operators, utc_now),
            ready=catalogues.current,
            document=waves_openapi.document,
        )
    }
