"""What a release does, as gcloud commands: pure planning, without running anything."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

STEPS = (1, 5, 25, 100)
TICKER = "kairos-{workflow}@{project}.iam.gserviceaccount.com"
DELIMITER = "##"  # separates environment variables, whose values may hold commas


@dataclass(frozen=True)
class Push:
    """Who pushes to a service: the account of its subscription or schedule, and those of workflows that do as the clock
    does, by spaces; and whom their tokens are for.

    Both name the project as `{project}`.
    """

    account: str
    audience: str


@dataclass(frozen=True, eq=False)
class Service:
    """One function of the topology, and what it runs with."""

    name: str
    source: str
    target: str
    public: bool
    concurrency: int
    cpu: int
    memory: str
    min_instances: int
    max_instances: int
    timeout_seconds: int
    publishes: list[str] = field(default_factory=list)
    pulls: list[str] = field(default_factory=list)
    puts_back: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    push: Push | None = None

    @property
    def deployed_name(self) -> str:
        """The Cloud Run service, and the service account it runs as."""
        return f"kairos-{self.name}"


@dataclass(frozen=True)
class Release:
    """One image on its way to one project."""

    project: str
    region: str
    tag: str
    image: str = ""

    def __post_init__(self) -> None:
        """Refuse an image that can change under its name."""
        if self.image and "@sha256:" not in self.image:
            message = f"{self.image} names no digest: deploy what was verified, as NAME@sha256:DIGEST"
            raise ValueError(message)


def services(topology: dict[str, Any]) -> list[Service]:
    """The topology's services."""
    callers = [*topology["subscriptions"].values(), *topology["schedules"].values()]
    pushed = {declared["service"] for declared in callers if "service" in declared}
    account, audience = topology["push"]["account"], topology["push"]["audience"]
    accounts = {name: [account] for name in pushed}
    for workflow, declared in topology["workflows"].items():
        for name in declared.get("ticks", []):
            accounts[name].append(TICKER.replace("{workflow}", workflow))
    return [
        Service(
            name=name,
            push=Push(" ".join(accounts[name]), audience.replace("{service}", name)) if name in pushed else None,
            **declared,
        )
        for name, declared in topology["services"].items()
    ]


def applied(root: Path, topology: Mapping[str, Any]) -> str:
    """A digest of the topology and the workflows in a folder, as Terraform puts it on each service that it makes."""
    sources = [topology["workflows"][name]["source"] for name in sorted(topology["workflows"])]
    digests = [hashlib.sha256((root / file).read_bytes()).hexdigest() for file in ("shared/topology.yaml", *sources)]
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:32]


def secret_id(variable: str) -> str:
    """The secret that fills an environment variable: `SOURCE_KEYS` is filled from `kairos-source-keys`."""
    return "kairos-" + variable.lower().replace("_", "-")


def deploy(service: Service, release: Release, addresses: Mapping[str, str]) -> list[str]:
    """Make a revision that gets no traffic yet, reachable under the release's tag.

    Whatever belongs to the service and not to the revision is Terraform's: who may call it, its audience, how many
    instances it keeps. Its environment may name other services by their `addresses`.
    """
    environment = {
        "FUNCTION_SOURCE": service.source,
        "FUNCTION_TARGET": service.target,
        "GOOGLE_CLOUD_PROJECT": release.project,
        "PYTHONPATH": "/workspace",
        "THREADS": service.concurrency,
        **{name: addressed(value, addresses) for name, value in service.environment.items()},
        **pushed(service, release),
    }
    pairs = DELIMITER.join(f"{name}={value}" for name, value in environment.items())
    secrets = ",".join(f"{name}={secret_id(name)}:latest" for name in service.secrets)
    return [
        *("gcloud", "run", "deploy", service.deployed_name, "--quiet"),
        *(f"--project={release.project}", f"--region={release.region}"),
        *(f"--image={release.image}", f"--tag={release.tag}", "--no-traffic"),
        "--command=",  # that of the image, and not of the revision that Terraform made the service with
        f"--service-account={service.deployed_name}@{release.project}.iam.gserviceaccount.com",
        *(f"--concurrency={service.concurrency}", f"--cpu={service.cpu}", f"--memory={service.memory}"),
        *(f"--max-instances={service.max_instances}", f"--timeout={service.timeout_seconds}"),
        *("--execution-environment=gen2", "--cpu-boost"),
        f"--set-env-vars=^{DELIMITER}^{pairs}",
        f"--set-secrets={secrets}" if secrets else "--clear-secrets",
        f"--labels=release={release.tag}",
    ]


def addressed(value: str, addresses: Mapping[str, str]) -> str:
    """A value of the environment, with addresses in the place of services' names in braces."""
    for name, address in addresses.items():
        value = value.replace(f"{{{name}}}", address)
    return value


def pushed(service: Service, release: Release) -> dict[str, str]:
    """What a service is told of who pushes to it.

    Where only invokers get in, Cloud Run has checked the token's signature and removed it; where anybody does, the
    function checks it.
    """
    if service.push is None:
        return {}
    return {
        "PUSH_ACCOUNT": service.push.account.format(project=release.project),
        "PUSH_AUDIENCE": service.push.audience.format(project=release.project),
        "PUSH_SIGNATURE": "checked" if service.public else "removed",
    }


def describe(service: Service, release: Release) -> list[str]:
    """Ask what is there."""
    place = (f"--project={release.project}", f"--region={release.region}")
    return ["gcloud", "run", "services", "describe", service.deployed_name, *place, "--format=json"]


def shift(service: Service, release: Release, percent: int) -> list[str]:
    """Send a share of the traffic to the release."""
    return [*traffic(service, release), f"--to-tags={release.tag}={percent}"]


def restore(service: Service, release: Release, before: dict[str, int]) -> list[str]:
    """Send the traffic where it went before the release."""
    shares = ",".join(f"{revision}={percent}" for revision, percent in sorted(before.items()))
    return [*traffic(service, release), f"--to-revisions={shares}"]


def traffic(service: Service, release: Release) -> list[str]:
    """The command that moves traffic, without where to."""
    place = (f"--project={release.project}", f"--region={release.region}", "--quiet")
    return ["gcloud", "run", "services", "update-traffic", service.deployed_name, *place]


def serving(described: dict[str, Any]) -> dict[str, int]:
    """Which revisions of a described service get how much of its traffic."""
    shares: dict[str, int] = {}
    for entry in described["status"].get("traffic", []):
        if entry.get("percent"):
            shares[entry["revisionName"]] = shares.get(entry["revisionName"], 0) + entry["percent"]
    return shares


def tagged(described: dict[str, Any], tag: str) -> tuple[str, str]:
    """The revision that carries a tag, and its own address.

    Raises:
        LookupError: no revision carries it.
    """
    for entry in described["status"].get("traffic", []):
        if entry.get("tag") == tag:
            return entry["revisionName"], entry["url"]
    message = f"{described['metadata']['name']} has no revision tagged {tag}: deploy it first"
    raise LookupError(message)
