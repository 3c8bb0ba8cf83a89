"""What a release does, as gcloud commands: pure planning, without running anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STEPS = (1, 5, 25, 100)
DELIMITER = "##"  # separates environment variables, whose values may hold commas


@dataclass(frozen=True)
class Push:
    """Who pushes to a service: the account of its subscription or schedule, and whom the account's token is for.

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
    secrets_read: str = ""
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


@dataclass(frozen=True)
class Schedule:
    """A service that the clock starts: when, in cron's words, UTC, and how long it may take."""

    name: str
    service: Service
    cron: str
    attempt_deadline_seconds: int
    path: str = "/"

    @property
    def deployed_name(self) -> str:
        """The Cloud Scheduler job."""
        return f"kairos-{self.name}"


def services(topology: dict[str, Any]) -> list[Service]:
    """The topology's services."""
    callers = [*topology["subscriptions"].values(), *topology["schedules"].values()]
    pushed = {declared["service"] for declared in callers if "service" in declared}
    account, audience = topology["push"]["account"], topology["push"]["audience"]
    return [
        Service(
            name=name,
            secrets_read=topology["secrets_read"].get(name, ""),
            push=Push(account, audience.replace("{service}", name)) if name in pushed else None,
            **declared,
        )
        for name, declared in topology["services"].items()
    ]


def schedules(topology: dict[str, Any], targets: list[Service]) -> list[Schedule]:
    """The topology's schedules of services."""
    by_name = {service.name: service for service in targets}
    return [
        Schedule(name=name, **{**declared, "service": by_name[declared["service"]]})
        for name, declared in topology["schedules"].items()
        if "service" in declared
    ]


def describe_schedule(schedule: Schedule, release: Release) -> list[str]:
    """Ask what job is there."""
    place = (f"--project={release.project}", f"--location={release.region}")
    return ["gcloud", "scheduler", "jobs", "describe", schedule.deployed_name, *place, "--format=json"]


def put_schedule(schedule: Schedule, release: Release, address: str, *, exists: bool) -> list[str]:
    """Make or change a job that sends a `POST` to a service at its own address, which follows its traffic."""
    push = schedule.service.push
    assert push is not None, "what is scheduled knows who calls it"
    return [
        *("gcloud", "scheduler", "jobs", "update" if exists else "create", "http", schedule.deployed_name, "--quiet"),
        *(f"--project={release.project}", f"--location={release.region}"),
        *(f"--schedule={schedule.cron}", "--time-zone=Etc/UTC"),
        *(f"--uri={address}{schedule.path}", "--http-method=POST"),
        f"--oidc-service-account-email={push.account.format(project=release.project)}",
        f"--oidc-token-audience={push.audience.format(project=release.project)}",
        f"--attempt-deadline={schedule.attempt_deadline_seconds}s",
    ]


def secret_id(variable: str) -> str:
    """The secret that fills an environment variable: `SOURCE_KEYS` is filled from `kairos-source-keys`."""
    return "kairos-" + variable.lower().replace("_", "-")


def grant(service: Service, release: Release) -> list[str]:
    """Let a service read, while it runs, the secrets whose names begin as the topology says, and no others."""
    named = f'resource.name.extract("/secrets/{{name}}/").startsWith("{service.secrets_read}")'
    return [
        *("gcloud", "projects", "add-iam-policy-binding", release.project, "--quiet", "--format=none"),
        f"--member=serviceAccount:{service.deployed_name}@{release.project}.iam.gserviceaccount.com",
        "--role=roles/secretmanager.secretAccessor",
        f"--condition=title={service.secrets_read}secrets,expression={named}",
    ]


def deploy(service: Service, release: Release, *, exists: bool) -> list[str]:
    """Make a revision that gets no traffic yet, reachable under the release's tag.

    A service's very first revision gets all the traffic, since Cloud Run has nothing else to send it to.
    """
    environment = {
        "FUNCTION_SOURCE": service.source,
        "FUNCTION_TARGET": service.target,
        "GOOGLE_CLOUD_PROJECT": release.project,
        "PYTHONPATH": "/workspace",
        "THREADS": service.concurrency,
        **service.environment,
        **pushed(service, release),
    }
    pairs = DELIMITER.join(f"{name}={value}" for name, value in environment.items())
    secrets = ",".join(f"{name}={secret_id(name)}:latest" for name in service.secrets)
    return [
        *("gcloud", "run", "deploy", service.deployed_name, "--quiet"),
        *(f"--project={release.project}", f"--region={release.region}"),
        *(f"--image={release.image}", f"--tag={release.tag}"),
        *(["--no-traffic"] if exists else []),
        f"--service-account={service.deployed_name}@{release.project}.iam.gserviceaccount.com",
        "--allow-unauthenticated" if service.public else "--no-allow-unauthenticated",
        *(f"--concurrency={service.concurrency}", f"--cpu={service.cpu}", f"--memory={service.memory}"),
        *(f"--min={service.min_instances}", f"--max-instances={service.max_instances}"),
        *(f"--timeout={service.timeout_seconds}", "--execution-environment=gen2", "--cpu-boost"),
        f"--set-env-vars=^{DELIMITER}^{pairs}",
        f"--set-secrets={secrets}" if secrets else "--clear-secrets",
        *([f"--set-custom-audiences={service.push.audience.format(project=release.project)}"] if service.push else []),
        f"--labels=release={release.tag}",
    ]


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
