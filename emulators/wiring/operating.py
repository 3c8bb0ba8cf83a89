"""What operators ask: about persons, about days of decisions, what privacy law grants, and which revision decides."""

from __future__ import annotations

from emulators.wiring.parts import Parts
from functions.identity.people import People
from functions.persons import openapi as persons_openapi
from functions.persons.api import routes as persons_routes
from functions.persons.explaining import WhyOne
from functions.persons.finding import Find
from functions.persons.showing import ShowPerson
from functions.persons.unmerging import Unmerge
from functions.privacy import openapi as privacy_openapi
from functions.privacy.api import handing_over
from functions.privacy.api import routes as privacy_routes
from functions.privacy.api import ticked as privacy_ticked
from functions.privacy.erasing import Erase
from functions.privacy.exporting import Export
from functions.privacy.finding import Find as FindForPrivacy
from functions.privacy.handing_over import HandOver
from functions.records import openapi as records_openapi
from functions.records.api import routes as records_routes
from functions.records.associating import Associate
from functions.records.challenging import Challenge
from functions.records.changes_api import changes_routes
from functions.records.changing import EvaluateChange
from functions.records.evaluating import Evaluate
from functions.records.exporting import ExportShapes
from functions.records.handler import Records
from functions.records.kept import KeepMeasures
from functions.records.learning import Learn
from functions.records.measuring import Measure
from functions.records.measuring_api import Measuring, measuring_routes
from functions.records.models_api import models_routes
from functions.records.nightly_api import kept_routes, learning_routes
from functions.records.proving import Evidence
from functions.records.watching import Watch
from functions.records.weighing import Weigh
from functions.releases import openapi as releases_openapi
from functions.releases.api import routes as releases_routes
from functions.releases.api import ticked as releases_ticked
from functions.releases.handler import Govern
from functions.simulation import openapi as simulation_openapi
from functions.simulation.api import routes as simulation_routes
from functions.simulation.handler import Simulate
from shared.adapters.memory.handovers import Handovers
from shared.adapters.memory.measuring import Measures
from shared.adapters.memory.outcomes import Models
from shared.adapters.memory.personal_data import Erasures, PersonalData
from shared.adapters.memory.releases import Releases
from shared.adapters.memory.reports import Reports
from shared.adapters.memory.samples import Samples
from shared.adapters.memory.seals import Seals
from shared.adapters.scoring import Scorers
from shared.runtime.service import Service, always_ready
from shared.runtime.telemetry import log
from shared.runtime.world import new_erasure_id, new_person_id, pause, utc_now


def operating(parts: Parts) -> dict[str, Service]:
    """The functions that operators call, by name."""
    return {
        "persons": _persons(parts),
        "records": _records(parts),
        "privacy": _privacy(parts),
        "releases": _releases(parts),
        "simulation": _simulation(parts),
    }


def _persons(parts: Parts) -> Service:
    people = People(parts.persons, new_person_id)
    find = Find(parts.catalogues, parts.persons, people, parts.bank.identifier_key)
    return Service(
        "persons",
        persons_routes(
            ShowPerson(find, parts.catalogues, parts.persons, parts.contacts),
            WhyOne(find),
            Unmerge(find, parts.catalogues, people),
            parts.operators,
            utc_now,
        ),
        ready=parts.catalogues.current,
        document=persons_openapi.document,
    )


def _records(parts: Parts) -> Service:
    store, history, catalogues = parts.memory.store, parts.memory.history, parts.catalogues
    parts.memory.bus.subscribe("history", history.deliver, name="history", at_once=True)
    known = Models(store, refresh_seconds=0.0)  # whoever asks wants what is known now
    measures = Measures(history)
    change = EvaluateChange(history, measures, catalogues)
    reports = Reports(store)
    measuring = Measuring(
        Measure(measures, catalogues),
        Weigh(history, catalogues, parts.memory.publisher),
        Evaluate(history, catalogues),
        ExportShapes(history, catalogues, known),
        change,
        Watch(measures, catalogues, change, Evidence(reports)),
    )
    kept = KeepMeasures(measuring.measure, reports, utc_now)
    challenge = Challenge(history, catalogues, Scorers(parts.egress, parts.outside.stand_ins))
    learn = Learn(reports, known, catalogues, challenge)
    associate = Associate(history, reports, known, catalogues)
    return Service(
        "records",
        [
            *records_routes(Records(history, Seals(store), catalogues, parts.bank.seal_key), parts.operators, utc_now),
            *measuring_routes(lambda: measuring, parts.operators, utc_now),
            *changes_routes(lambda: measuring, parts.operators, utc_now),
            *models_routes(known, catalogues, lambda: challenge, parts.operators, utc_now),
            *learning_routes(lambda: learn, lambda: associate, parts.operators, utc_now),
            *kept_routes(lambda: kept, parts.operators),
        ],
        ready=always_ready,
        document=records_openapi.document,
    )


def _privacy(parts: Parts) -> Service:
    memory = parts.memory
    data, erasures = PersonalData(memory.store), Erasures(memory.store)
    find = FindForPrivacy(parts.persons, parts.contacts, data, parts.bank.identifier_key)
    erase = Erase(find, data, memory.sealer.keys, erasures, memory.quarantine, new_erasure_id)
    export = Export(find, parts.contacts, data, memory.history)
    hand_over = HandOver(find, export, Handovers(memory.store, memory.sealer))
    return Service(
        "privacy",
        [
            *privacy_ticked(erase, parts.clock("privacy"), utc_now),
            *privacy_routes(export, erase, erasures, parts.operators, utc_now),
            *handing_over(hand_over, parts.operators, utc_now),
        ],
        ready=always_ready,
        document=privacy_openapi.document,
    )


def _releases(parts: Parts) -> Service:
    govern = Govern(Releases(parts.memory.store), parts.catalogues, parts.bank.seal_key, pause, log)
    return Service(
        "releases",
        [
            *releases_ticked(govern, parts.clock("releases"), utc_now),
            *releases_routes(govern, parts.operators, utc_now),
        ],
        ready=always_ready,
        document=releases_openapi.document,
    )


def _simulation(parts: Parts) -> Service:
    store = parts.memory.store
    simulate = Simulate(parts.catalogues, Samples(store, parts.contacts), Models(store, refresh_seconds=0.0))
    return Service(
        "simulation",
        simulation_routes(simulate, parts.operators, utc_now),
        ready=always_ready,
        document=simulation_openapi.document,
    )
