"""The OpenAPI documents say what the functions do: every route and no other, as they are served."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import Client
from werkzeug.wrappers import Request

from cli.openapi import documents
from functions.decide import api as decide
from functions.decide import openapi as decide_openapi
from functions.feedback import api as feedback
from functions.feedback import openapi as feedback_openapi
from functions.feedback.callbacks import callback_routes
from functions.ingest import api as ingest
from functions.ingest import openapi as ingest_openapi
from functions.operations import api as operations
from functions.operations import openapi as operations_openapi
from functions.persons import api as persons
from functions.persons import openapi as persons_openapi
from functions.privacy import api as privacy
from functions.privacy import openapi as privacy_openapi
from functions.records import api as records
from functions.records import openapi as records_openapi
from functions.records.changes_api import changes_routes
from functions.records.measuring_api import measuring_routes
from functions.records.models_api import models_routes
from functions.records.nightly_api import kept_routes, learning_routes
from functions.releases import api as releases
from functions.releases import openapi as releases_openapi
from functions.simulation import api as simulation
from functions.simulation import openapi as simulation_openapi
from shared.runtime.service import Service, always_ready

FOLDER = Path(__file__).parents[2] / "docs" / "openapi"
NOTHING: Any = None
ROUTES = {
    "ingest": (ingest.routes(*[NOTHING] * 6), ingest_openapi),
    "decide": (decide.routes(*[NOTHING] * 4), decide_openapi),
    "feedback": ([*feedback.routes(*[NOTHING] * 4), *callback_routes(*[NOTHING] * 5)], feedback_openapi),
    "operations": (
        [
            *operations.sweeping_routes(*[NOTHING] * 4),
            *operations.redriving_routes(*[NOTHING] * 3),
            *operations.reconciling_routes(*[NOTHING] * 3),
        ],
        operations_openapi,
    ),
    "simulation": (simulation.routes(*[NOTHING] * 3), simulation_openapi),
    "persons": (persons.routes(*[NOTHING] * 5), persons_openapi),
    "privacy": ([*privacy.routes(*[NOTHING] * 5), *privacy.handing_over(*[NOTHING] * 3)], privacy_openapi),
    "records": (
        [
            *records.routes(*[NOTHING] * 3),
            *measuring_routes(*[NOTHING] * 3),
            *changes_routes(*[NOTHING] * 3),
            *models_routes(*[NOTHING] * 5),
            *learning_routes(*[NOTHING] * 4),
            *kept_routes(*[NOTHING] * 2),
        ],
        records_openapi,
    ),
    "releases": (releases.routes(*[NOTHING] * 3), releases_openapi),
}


def test_the_committed_documents_are_those_of_the_functions():
    committed = {path.name: path.read_bytes() for path in FOLDER.glob("*.json")}
    assert committed == documents(), "write them again: kairos openapi"


@pytest.mark.parametrize("name", ROUTES)
def test_every_route_is_in_the_document_that_its_function_serves(name):
    routes, described = ROUTES[name]
    service = Service(name, routes, ready=always_ready, document=described.document)

    served = Client(service_application(service)).get("/openapi.json")

    assert served.content_type == "application/json"
    document = served.get_json()
    assert document == json.loads(documents()[f"{name}.json"])
    assert {(method.upper(), path) for path, methods in document["paths"].items() for method in methods} == {
        (method, re.sub(r"<(\w+)>", r"{\1}", path)) for method, path, _ in routes
    }


@pytest.mark.parametrize("name", ROUTES)
def test_a_document_is_whole(name):
    document = json.loads(documents()[f"{name}.json"])

    schemas = document["components"]["schemas"]
    Draft202012Validator.check_schema({"$defs": schemas})
    assert all(schema["description"] for schema in schemas.values())
    referred = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert referred == set(schemas)
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for path, methods in document["paths"].items():
        for operation in methods.values():
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
            assert named == set(re.findall(r"\{(\w+)\}", path))


def service_application(service: Service) -> Any:
    """A service as WSGI has it."""
    return lambda environ, start: service(Request(environ))(environ, start)
