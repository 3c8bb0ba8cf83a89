"""Every adapter of a port, under one name each: the same tests run on all of them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from emulators import google
from emulators.children import Child
from emulators.kafka import Broker, settings
from emulators.ports import Ports
from emulators.probes import tcp
from emulators.processes import Supervisor
from shared.adapters import memory
from shared.adapters.firestore.client import Database
from shared.adapters.kafka import Quarantine
from shared.adapters.memory.samples import Samples
from shared.adapters.memory.waves import Members, Waves
from shared.runtime.world import pause
from tests.contract.indexes import wants
from tests.contract.samples import Counted

KEY = bytes(range(32))
ON_EMULATORS = pytest.mark.emulators


@dataclass
class Documents:
    """The ports that keep documents, on one technology, with nothing in them."""

    persons: Any
    contacts: Any
    outcomes: Any
    response_windows: Any
    contact_points: Any
    quarantine: Any
    seals: Any
    releases: Any
    waves: Any
    members: Any
    new_models: Any
    new_catalogues: Any
    new_allowances: Any
    deferrals: Any
    deferred_deliveries: Any
    abandoned_deliveries: Any
    overdue: Any
    new_paces: Any
    new_companions: Any
    personal_data: Any
    erasures: Any
    reports: Any
    handovers: Any
    samples: Any
    keys: Any
    meter: Counted
    database: Any = None
    private: Any = None


@dataclass(frozen=True)
class Addresses:
    """Where the emulators listen."""

    firestore: str
    pubsub: str


@pytest.fixture(scope="session", autouse=True)
def no_index_of_our_own() -> Iterator[None]:
    """Refuse, as Firestore would, a query that wants an index which nobody makes."""
    asked = Database.query

    def query(database: Database, query: Any) -> list[Any]:
        assert not wants(query), f"make an index for {wants(query)}, in topology.yaml and infra/data.tf"
        return asked(database, query)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "query", query)
        yield


@pytest.fixture(scope="session")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Google's Firestore and Pub/Sub emulators, and the environment that points the official clients at them."""
    found = google.find()
    assert isinstance(found, google.Installation), found
    ports = Ports()
    firestore, pubsub = ports.take(), ports.take()
    here = Path.cwd()
    with Supervisor(tmp_path_factory.mktemp("emulators")) as supervisor, pytest.MonkeyPatch.context() as patch:
        supervisor.start(Child("firestore", found.firestore(firestore), here, tcp(firestore)))
        supervisor.start(Child("pubsub", found.pubsub(pubsub), here, tcp(pubsub)))
        supervisor.wait_ready(["firestore", "pubsub"], within_seconds=60)
        addresses = Addresses(f"127.0.0.1:{firestore}", f"127.0.0.1:{pubsub}")
        patch.setenv("FIRESTORE_EMULATOR_HOST", addresses.firestore)
        patch.setenv("PUBSUB_EMULATOR_HOST", addresses.pubsub)
        patch.setenv("NO_PROXY", ",".join(filter(None, ["127.0.0.1", os.environ.get("NO_PROXY")])))
        yield addresses
    ports.release()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A Kafka broker of the test's own, and how to reach it."""
    ports = Ports()
    started = Broker(ports.take(), tmp_path)
    started.start()
    yield settings(started.address)
    started.stop()
    ports.release()


@pytest.fixture
def project() -> str:
    """A project of the test's own, since the emulators keep projects apart."""
    return f"test-{uuid.uuid4().hex[:12]}"


@pytest.fixture(params=["memory", pytest.param("firestore", marks=ON_EMULATORS)])
def documents(request: pytest.FixtureRequest, project: str) -> Iterator[Documents]:
    """The ports that keep documents."""
    if request.param == "memory":
        yield in_memory()
    else:
        request.getfixturevalue("emulators")
        yield from in_firestore(project)


@pytest.fixture(params=["memory", pytest.param("firestore", marks=ON_EMULATORS), "kafka"])
def quarantine(request: pytest.FixtureRequest, project: str) -> Any:
    """The quarantine, which a Kafka topic can keep too."""
    if request.param == "kafka":
        return Quarantine(request.getfixturevalue("broker"))
    if request.param == "memory":
        return memory.Quarantine(memory.Store())
    request.getfixturevalue("emulators")
    from shared.adapters.firestore.client import Database  # noqa: PLC0415 - slow, and not always there
    from shared.adapters.firestore.quarantine import Quarantine as InFirestore  # noqa: PLC0415

    return InFirestore(Database(project))


def in_memory() -> Documents:
    store, meter = memory.Store(), Counted()
    sealer = memory.new_sealer(store)
    return Documents(
        persons=memory.Persons(store, meter),
        contacts=memory.Contacts(store, meter),
        outcomes=memory.Outcomes(store, meter),
        response_windows=memory.ResponseWindows(store, meter),
        contact_points=memory.ContactPoints(store, meter),
        quarantine=memory.Quarantine(store),
        seals=memory.Seals(store),
        releases=memory.Releases(store),
        waves=Waves(store),
        members=Members(store),
        new_models=lambda **options: memory.Models(store, **options),
        new_catalogues=lambda **options: memory.Catalogues(store, **options),
        new_allowances=lambda holder: memory.Allowances(store, meter, holder, pause),
        deferrals=memory.Deferrals(store, meter),
        deferred_deliveries=memory.DeferredDeliveries(store, meter),
        abandoned_deliveries=memory.AbandonedDeliveries(store, meter),
        overdue=memory.Overdue(store),
        new_paces=lambda timing, tell=lambda _said, **_fields: None: memory.Paces(store, meter, timing, tell),
        new_companions=lambda holder, **clocks: memory.Companions(store, holder, **clocks),
        personal_data=memory.PersonalData(store),
        erasures=memory.Erasures(store),
        reports=memory.Reports(store),
        handovers=memory.Handovers(store, sealer),
        keys=sealer.keys,
        samples=Samples(store, memory.Contacts(store, meter)),
        meter=meter,
    )


def in_firestore(project: str) -> Iterator[Documents]:
    from shared.adapters.firestore.allowances import Allowances  # noqa: PLC0415 - slow, and not always there
    from shared.adapters.firestore.catalogues import Catalogues  # noqa: PLC0415
    from shared.adapters.firestore.client import Database  # noqa: PLC0415
    from shared.adapters.firestore.companions import Companions  # noqa: PLC0415
    from shared.adapters.firestore.contact_points import ContactPoints  # noqa: PLC0415
    from shared.adapters.firestore.contacts import Contacts  # noqa: PLC0415
    from shared.adapters.firestore.deferrals import AbandonedDeliveries, Deferrals, DeferredDeliveries  # noqa: PLC0415
    from shared.adapters.firestore.handovers import Handovers  # noqa: PLC0415
    from shared.adapters.firestore.models import Models  # noqa: PLC0415
    from shared.adapters.firestore.outcomes import Outcomes  # noqa: PLC0415
    from shared.adapters.firestore.overdue import Overdue  # noqa: PLC0415
    from shared.adapters.firestore.paces import Paces  # noqa: PLC0415
    from shared.adapters.firestore.personal_data import Erasures, PersonalData  # noqa: PLC0415
    from shared.adapters.firestore.persons import Persons  # noqa: PLC0415
    from shared.adapters.firestore.quarantine import Quarantine  # noqa: PLC0415
    from shared.adapters.firestore.releases import Releases  # noqa: PLC0415
    from shared.adapters.firestore.reports import Reports  # noqa: PLC0415
    from shared.adapters.firestore.responses import ResponseWindows  # noqa: PLC0415
    from shared.adapters.firestore.samples import Samples as InFirestoreSamples  # noqa: PLC0415
    from shared.adapters.firestore.seals import Seals  # noqa: PLC0415
    from shared.adapters.firestore.waves import Members as CarryingMembers  # noqa: PLC0415
    from shared.adapters.firestore.waves import Waves as InFirestore  # noqa: PLC0415

    database, private, meter = Database(project), Database(project, "contact-points"), Counted()
    sealer = memory.new_sealer(memory.Store())
    yield Documents(
        persons=Persons(database, meter, sealer),
        contacts=Contacts(database, meter, sealer),
        outcomes=Outcomes(database, meter),
        response_windows=ResponseWindows(database, meter),
        contact_points=ContactPoints(private, meter, sealer),
        quarantine=Quarantine(database),
        seals=Seals(database),
        releases=Releases(database),
        waves=InFirestore(database),
        members=CarryingMembers(database),
        new_models=lambda **options: Models(database, **options),
        new_catalogues=lambda **options: Catalogues(database, **options),
        new_allowances=lambda holder: Allowances(database, meter, holder, pause),
        deferrals=Deferrals(database, meter, sealer),
        deferred_deliveries=DeferredDeliveries(database, meter),
        abandoned_deliveries=AbandonedDeliveries(database, meter),
        overdue=Overdue(database),
        new_paces=lambda timing, tell=lambda _said, **_fields: None: Paces(database, meter, timing, tell),
        new_companions=lambda holder, **clocks: Companions(database, holder, **clocks),
        personal_data=PersonalData(database, private, sealer),
        erasures=Erasures(database),
        reports=Reports(database),
        handovers=Handovers(database, sealer),
        samples=InFirestoreSamples(database, Contacts(database, meter, sealer), sealer),
        keys=sealer.keys,
        meter=meter,
        database=database,
        private=private,
    )
    database.close()
    private.close()
