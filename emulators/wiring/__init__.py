"""The functions, wired as their `main.py` wire them, on the memory adapters."""

from __future__ import annotations

from collections.abc import Callable

from emulators.access import Credentials
from emulators.local import Bank
from emulators.wiring.keeping import keeping
from emulators.wiring.operating import operating
from emulators.wiring.outcomes import outcomes
from emulators.wiring.parts import Memory, Outside, Parts
from emulators.wiring.stages import stages
from emulators.wiring.waves import waves
from shared.adapters.memory.releases import Releases
from shared.runtime.service import Service

__all__ = ["Memory", "Outside", "services"]


def services(
    memory: Memory, bank: Bank, credentials: Credentials, outside: Outside, tell: Callable[[str], None]
) -> dict[str, Service]:
    """The functions by name, with the bank seeded and everything subscribed."""
    parts = Parts(memory, bank, credentials, outside)
    bank.seed(parts.catalogues, Releases(memory.store), parts.persons, parts.contact_points, tell)
    for name, value in {**bank.source_secrets(credentials), **bank.connector_secrets()}.items():
        memory.secrets.add(name, value.encode())
    return {**stages(parts), **outcomes(parts), **operating(parts), **keeping(parts), **waves(parts)}
