"""Release one image to every function of the topology: first without traffic, then step by step.

    python -m infra.deploy deploy --project P --tag r-1a2b3c4 --image NAME@sha256:DIGEST
    python -m infra.deploy canary --project P --tag r-1a2b3c4

`deploy` makes a revision of each service under the tag. `canary` sends it 1, 5, 25 and then 100 % of the traffic;
before each step every tagged revision must say it is ready, and after each its share of server errors must be low. At
the first failure all the traffic goes back to where it was. `--dry-run` prints the commands and runs none. The services
themselves, and everything else, are Terraform's (infra/README.md).
"""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import yaml

from infra.cloud import CloudError, Gcloud, show
from infra.rollout import (
    STEPS,
    Release,
    Service,
    applied,
    deploy,
    describe,
    restore,
    services,
    serving,
    shift,
    tagged,
)

ROOT = Path(__file__).resolve().parent.parent
TOPOLOGY = ROOT / "shared" / "topology.yaml"


class Cloud(Protocol):
    """What a release needs of the cloud."""

    def run(self, command: list[str]) -> None:
        """Run a command that changes something."""

    def read(self, command: list[str]) -> dict[str, Any] | None:
        """Run a command that answers; None where what it asks for does not exist."""

    def unready(self, address: str, audience: str) -> str:
        """Why a revision cannot serve; empty when it can."""

    def answers(self, project: str, revision: str, since: timedelta) -> dict[str, int]:
        """How many answers of each class a revision gave lately."""


class CanaryError(Exception):
    """The release is worse than what it replaces; the text says where and why."""


def deploy_all(cloud: Cloud, release: Release, targets: list[Service], wanted: str) -> None:
    """Make a revision of each service, once all of them are as Terraform makes them now. They go on serving what they
    served.

    Args:
        cloud: where to.
        release: which.
        targets: the services.
        wanted: the digest of the topology and the workflows of this release.

    Raises:
        CloudError: a service is not there, or as it was made of another topology; or a command failed.
    """
    addresses = {}
    for service in targets:
        described = look(cloud, release, service)
        addresses[service.name] = described["status"]["url"]
        if described["metadata"].get("labels", {}).get("applied") != wanted:
            message = (
                f"{service.deployed_name} was made of another topology or other workflows than this release has; "
                "terraform -chdir=infra apply, then release again (infra/README.md)"
            )
            raise CloudError(message)
    for service in targets:
        cloud.run(deploy(service, release, addresses))


def canary(cloud: Cloud, release: Release, targets: list[Service], *, pause_seconds: int, error_share: float) -> None:
    """Move the traffic in steps, all services together; put everything back at the first failure.

    A service that has nothing but this release, as after its very first deployment, is checked and not moved.

    Raises:
        CanaryError: a revision was not ready or answered too often with an error; the traffic is back where it was.
        CloudError: a command failed; likewise.
    """
    described = {service: look(cloud, release, service) for service in targets}
    before = {service: serving(description) for service, description in described.items()}
    moving = [service for service in targets if before[service].keys() != {tagged(described[service], release.tag)[0]}]
    since = timedelta(seconds=pause_seconds)
    try:
        for percent in STEPS:
            for service in targets:
                check_ready(cloud, release, described[service])
            for service in moving:
                cloud.run(shift(service, release, percent))
            print(f"· {percent} % for {pause_seconds} s", flush=True)
            time.sleep(pause_seconds)  # the traffic of this time is what the next step is judged by
            for service in targets:
                check_errors(cloud, release, described[service], since, error_share)
    except (CanaryError, CloudError):
        roll_back(cloud, release, {service: before[service] for service in moving})
        raise


def look(cloud: Cloud, release: Release, service: Service) -> dict[str, Any]:
    """The description of a service that must exist.

    Raises:
        CloudError: it does not.
    """
    described = cloud.read(describe(service, release))
    if described is None:
        message = f"{service.deployed_name} is not there; terraform -chdir=infra apply makes it (infra/README.md)"
        raise CloudError(message)
    return described


def check_ready(cloud: Cloud, release: Release, described: dict[str, Any]) -> None:
    """Ask the tagged revision itself.

    Raises:
        CanaryError: it is not ready.
    """
    revision, address = tagged(described, release.tag)
    reason = cloud.unready(address, described["status"]["url"])
    if reason:
        message = f"{revision} is not ready: {reason}"
        raise CanaryError(message)


def check_errors(cloud: Cloud, release: Release, described: dict[str, Any], since: timedelta, limit: float) -> None:
    """Compare the tagged revision's share of server errors with what is allowed.

    Raises:
        CanaryError: it is higher.
    """
    revision, _ = tagged(described, release.tag)
    answers = cloud.answers(release.project, revision, since)
    total, errors = sum(answers.values()), answers.get("5xx", 0)
    if not total:
        print(f"· {revision}: no request came, so its error rate says nothing; it was ready")
        return
    print(f"· {revision}: {errors} server errors in {total} answers")
    if errors / total > limit:
        message = f"{revision} answered {errors} of {total} with a server error, more than {limit:.1%}"
        raise CanaryError(message)


def roll_back(cloud: Cloud, release: Release, before: dict[Service, dict[str, int]]) -> None:
    """Send all traffic where it was. One service that cannot be put back does not keep the others.

    Raises:
        CloudError: some service is not back where it was.
    """
    failures = []
    for service, shares in before.items():
        try:
            cloud.run(restore(service, release, shares))
        except CloudError as error:
            failures.append(str(error))
    if failures:
        message = "NOT ROLLED BACK, act by hand:\n" + "\n".join(failures)
        raise CloudError(message)


def dry_run(release: Release, targets: list[Service], phase: str) -> None:
    """Print what would be run, as if every service existed and every check passed."""
    if phase == "deploy":
        addresses = {each.name: f"https://{each.deployed_name}.run.app" for each in targets}
        for service in targets:
            show(describe(service, release))
            show(deploy(service, release, addresses))
        return
    for percent in STEPS:
        for service in targets:
            show(shift(service, release, percent))


def main(arguments: list[str]) -> None:
    """Read the command line, and do what it says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("phase", choices=["deploy", "canary"])
    parser.add_argument("--project", required=True)
    parser.add_argument("--region", help="default: the topology's")
    parser.add_argument("--tag", required=True, help="names the release, such as r-1a2b3c4")
    parser.add_argument("--image", default="", help="NAME@sha256:DIGEST, for deploy")
    parser.add_argument("--caller", help="service account that asks revisions; default kairos-build of the project")
    parser.add_argument("--pause-seconds", type=int, default=300, help="length of a step; figures lag by three minutes")
    parser.add_argument("--error-share", type=float, default=0.02, help="most server errors allowed, of all answers")
    parser.add_argument("--dry-run", action="store_true", help="print the commands and run none")
    options = parser.parse_args(arguments)
    if options.phase == "deploy" and not options.image:
        parser.error("deploy needs --image")

    topology = yaml.safe_load(TOPOLOGY.read_text())
    release = Release(options.project, options.region or topology["region"], options.tag, options.image)
    targets = services(topology)
    if options.dry_run:
        dry_run(release, targets, options.phase)
        return
    cloud = Gcloud(options.caller or f"kairos-build@{release.project}.iam.gserviceaccount.com")
    if options.phase == "deploy":
        deploy_all(cloud, release, targets, applied(ROOT, topology))
    else:
        canary(cloud, release, targets, pause_seconds=options.pause_seconds, error_share=options.error_share)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (CanaryError, CloudError, LookupError, ValueError) as error:
        sys.exit(f"deploy: {error}")
