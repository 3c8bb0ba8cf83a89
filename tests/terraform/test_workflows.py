"""Workflows are deployed from the files that run here, and the clock starts them as it does here."""

from __future__ import annotations

import base64
import json
import re

import yaml

from emulators.schedules import jobs
from emulators.workflows.serving.places import beside
from tests.fault.world import bank_revision
from tests.terraform.deployed import (
    ADDRESSES,
    PROJECT,
    ROOT,
    TOPOLOGY,
    one,
)


def test_a_workflow_is_deployed_from_the_very_file_that_runs_here(deployed):
    found = deployed.of("workflows_workflow")

    assert found.keys() == {f"kairos-{name}" for name in TOPOLOGY["workflows"]}
    for name, declared in TOPOLOGY["workflows"].items():
        made = found[f"kairos-{name}"]
        assert made["source_contents"] == (ROOT / declared["source"]).read_text(encoding="utf-8")
        assert len(made["source_contents"].encode()) <= 128 * 1024
        told = {f"{each.upper().replace('-', '_')}_URL": ADDRESSES[each] for each in declared.get("calls", [])}
        assert (made["user_env_vars"] or {}) == told | declared.get("environment", {})


def test_a_workflow_is_told_here_whatever_it_is_told_there(deployed):
    local = json.loads(json.dumps(beside(PROJECT, ADDRESSES, {"firestore": "127.0.0.1:1"}, "t", {}).environment))

    for name, made in deployed.of("workflows_workflow").items():
        assert (made["user_env_vars"] or {}).keys() <= local.keys(), name


def test_what_a_workflow_calls_it_may(deployed):
    for name, declared in TOPOLOGY["workflows"].items():
        definition = (ROOT / declared["source"]).read_text(encoding="utf-8")
        may = deployed.may(name)
        assert {("run.invoker", f"kairos-{each}") for each in declared.get("calls", [])} <= may
        for secret in secrets(definition):
            assert ("secretmanager.secretAccessor", secret) in may
        for connector, role in {
            "bigquery": "bigquery.jobUser",
            "firestore": "datastore.viewer",
            "workflowexecutions": "workflows.invoker",
        }.items():
            if f"googleapis.{connector}." in definition:
                assert any(each.startswith(role) for each, _ in may), (
                    f"{name} calls {connector}: infra/topology/workflows.tf"
                )


def secrets(definition: str) -> set[str]:
    """The secrets that a workflow reads."""
    found = set()

    def look(node):
        if isinstance(node, dict):
            if isinstance(node.get("secret_id"), str):
                found.add(node["secret_id"])
            for each in node.values():
                look(each)
        elif isinstance(node, list):
            for each in node:
                look(each)

    look(yaml.safe_load(definition))
    return found


def test_a_workflow_calls_no_connector_of_which_nobody_said_who_may(deployed):
    known = {"bigquery", "firestore", "monitoring", "secretmanager", "workflowexecutions"}

    for name, made in deployed.of("workflows_workflow").items():
        called = set(re.findall(r"call: googleapis\.(\w+)\.", made["source_contents"]))
        assert called <= known, f"{name}: say its role in infra/topology/workflows.tf, and then here"


def test_the_clock_starts_what_it_starts_here(deployed):
    endpoints = {**ADDRESSES, "workflows": "https://workflowexecutions.googleapis.com"}
    local = {job.name: job for job in jobs(TOPOLOGY, endpoints, PROJECT, {})}

    found = {name.removeprefix("kairos-"): each for name, each in deployed.of("cloud_scheduler_job").items()}
    assert found.keys() - local.keys() == {name for name, each in found.items() if each["paused"]} == {"wave"}
    wave = json.loads(base64.b64decode(one(found["wave"]["http_target"])["body"]))
    assert json.loads(wave["argument"])["audience"] in {each.id for each in bank_revision().catalogue.audiences}
    for name, job in local.items():
        target = one(found[name]["http_target"])
        assert (found[name]["schedule"], found[name]["time_zone"]) == (job.cron, job.zone)
        assert target["uri"].replace("/workflows/kairos-", "/workflows/") == job.url
        assert one(found[name]["retry_config"])["retry_count"] == job.retries
        if job.body:
            made, wanted = json.loads(base64.b64decode(target["body"])), json.loads(job.body)
            assert json.loads(made["argument"]) == json.loads(wanted["argument"])
            assert (
                one(target["oauth_token"])["service_account_email"] == f"kairos-push@{PROJECT}.iam.gserviceaccount.com"
            )
        else:
            assert found[name]["attempt_deadline"] == f"{job.deadline_seconds:.0f}s"
            service = TOPOLOGY["schedules"][name]["service"]
            assert one(target["oidc_token"])["audience"] == f"https://kairos-{service}.{PROJECT}"
