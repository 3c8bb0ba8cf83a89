"""What a release does with workflows, as gcloud commands: pure planning, without running anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.rollout import DELIMITER, Release, Service


@dataclass(frozen=True)
class Flow:
    """A workflow of the topology, and the services whose addresses it is told, as `INGEST_URL` and the like."""

    name: str
    source: str
    calls: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def deployed_name(self) -> str:
        """The workflow, and the service account it runs as."""
        return f"kairos-{self.name}"


@dataclass(frozen=True)
class Start:
    """A workflow that the clock starts: when, in cron's words and a time zone, and with what argument."""

    name: str
    workflow: Flow
    cron: str
    time_zone: str = "Etc/UTC"
    argument: Mapping[str, Any] = field(default_factory=dict)

    @property
    def deployed_name(self) -> str:
        """The Cloud Scheduler job."""
        return f"kairos-{self.name}"


def flows(topology: Mapping[str, Any]) -> list[Flow]:
    """The topology's workflows."""
    return [
        Flow(name, declared["source"], tuple(declared.get("calls", ())), declared.get("environment", {}))
        for name, declared in topology.get("workflows", {}).items()
    ]


def starts(topology: Mapping[str, Any]) -> list[Start]:
    """The topology's schedules of workflows."""
    by_name = {flow.name: flow for flow in flows(topology)}
    return [
        Start(name=name, **{**declared, "workflow": by_name[declared["workflow"]]})
        for name, declared in topology["schedules"].items()
        if "workflow" in declared
    ]


def called(flow: Flow, targets: list[Service]) -> list[Service]:
    """The services that a workflow calls."""
    by_name = {service.name: service for service in targets}
    return [by_name[name] for name in flow.calls]


def deploy_flow(flow: Flow, release: Release, addresses: Mapping[str, str]) -> list[str]:
    """Deploy a workflow with the addresses of the services that it calls, by their names."""
    told = {f"{name.upper()}_URL": addresses[name] for name in flow.calls}
    pairs = DELIMITER.join(f"{name}={value}" for name, value in {**told, **flow.environment}.items())
    return [
        *("gcloud", "workflows", "deploy", flow.deployed_name, "--quiet"),
        *(f"--project={release.project}", f"--location={release.region}", f"--source={flow.source}"),
        f"--service-account={flow.deployed_name}@{release.project}.iam.gserviceaccount.com",
        f"--set-env-vars=^{DELIMITER}^{pairs}",
        f"--labels=release={release.tag}",
    ]


def describe_start(start: Start, release: Release) -> list[str]:
    """Ask what job is there."""
    place = (f"--project={release.project}", f"--location={release.region}")
    return ["gcloud", "scheduler", "jobs", "describe", start.deployed_name, *place, "--format=json"]


def put_start(start: Start, release: Release, account: str, *, exists: bool) -> list[str]:
    """Make or change a job that starts a workflow, by a token of an account that may invoke workflows."""
    workflow = f"projects/{release.project}/locations/{release.region}/workflows/{start.workflow.deployed_name}"
    return [
        *("gcloud", "scheduler", "jobs", "update" if exists else "create", "http", start.deployed_name, "--quiet"),
        *(f"--project={release.project}", f"--location={release.region}"),
        *(f"--schedule={start.cron}", f"--time-zone={start.time_zone}"),
        *(f"--uri=https://workflowexecutions.googleapis.com/v1/{workflow}/executions", "--http-method=POST"),
        f"--message-body={json.dumps({'argument': json.dumps(start.argument)})}",
        f"--{'update-' if exists else ''}headers=content-type=application/json",
        f"--oauth-service-account-email={account.format(project=release.project)}",
        "--max-retry-attempts=3",
    ]
