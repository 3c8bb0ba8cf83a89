"""A release plans the right commands, moves traffic in steps, and puts it back at the first failure."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from cli.main import kairos
from infra import deploy
from infra.cloud import CloudError
from infra.rollout import Release, Service, applied, secret_id, services, serving, tagged
from infra.rollout import deploy as deploy_command
from shared.authoring import load

ROOT = Path(__file__).resolve().parents[2]
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text())
TARGETS = services(TOPOLOGY)
APPLIED = applied(ROOT, TOPOLOGY)
ADDRESSES = {target.name: f"https://{target.deployed_name}.run.app" for target in TARGETS}
DIGEST = "sha256:" + "a" * 64
RELEASE = Release("bank", "europe-west2", "r-1a2b3c4", f"europe-west2-docker.pkg.dev/bank/kairos/functions@{DIGEST}")


class FakeCloud:
    """A project whose services each serve one old revision, and carry the release under its tag."""

    def __init__(self, *, existing: set[str] | None = None, only_new: set[str] = frozenset()) -> None:
        self.existing = {target.deployed_name for target in TARGETS} if existing is None else existing
        self.only_new = only_new
        self.ran: list[list[str]] = []
        self.not_ready: dict[str, str] = {}
        self.errors: dict[str, dict[str, int]] = {}
        self.failing: set[str] = set()
        self.applied = APPLIED

    def run(self, command: list[str]) -> None:
        self.ran.append(command)
        if any(option in self.failing for option in command):
            raise CloudError(f"refused: {command}")

    def read(self, command: list[str]) -> dict | None:
        name = command[4]
        if name not in self.existing:
            return None
        new = {"revisionName": f"{name}-2", "tag": RELEASE.tag, "url": f"https://{RELEASE.tag}---{name}.run.app"}
        old = {"revisionName": f"{name}-1", "percent": 100}
        traffic = [{**new, "percent": 100}] if name in self.only_new else [old, new]
        labels = {"applied": self.applied}
        return {
            "metadata": {"name": name, "labels": labels},
            "status": {"url": f"https://{name}.run.app", "traffic": traffic},
        }

    def unready(self, address: str, audience: str) -> str:
        assert address.startswith(f"https://{RELEASE.tag}---")
        assert RELEASE.tag not in audience
        return self.not_ready.get(audience, "")

    def answers(self, project: str, revision: str, since: object) -> dict[str, int]:
        return self.errors.get(revision, {"2xx": 1000})

    def traffic(self, service: str) -> list[str]:
        """Where the service's traffic was sent, in order."""
        return [command[-1] for command in self.ran if "update-traffic" in command and service in command]


def run_canary(cloud: FakeCloud) -> None:
    deploy.canary(cloud, RELEASE, TARGETS, pause_seconds=0, error_share=0.02)


def environment(command: list[str]) -> dict[str, str]:
    option = next(each for each in command if each.startswith("--set-env-vars="))
    return dict(pair.split("=", 1) for pair in option.removeprefix("--set-env-vars=^##^").split("##"))


@pytest.mark.parametrize("service", TARGETS, ids=lambda service: service.name)
def test_every_function_of_the_topology_is_deployed_from_the_one_image(service):
    command = deploy_command(service, RELEASE, ADDRESSES)

    assert command[:4] == ["gcloud", "run", "deploy", f"kairos-{service.name}"]
    assert {f"--image={RELEASE.image}", "--tag=r-1a2b3c4", "--no-traffic", "--region=europe-west2"} <= set(command)
    assert f"--service-account=kairos-{service.name}@bank.iam.gserviceaccount.com" in command
    assert f"--concurrency={service.concurrency}" in command
    assert (
        environment(command).items()
        >= {
            "FUNCTION_SOURCE": f"functions/{service.name}/main.py",
            "FUNCTION_TARGET": "handle",
            "PYTHONPATH": "/workspace",
            "THREADS": str(service.concurrency),
        }.items()
    )
    given = {name: value.replace("{feedback}", ADDRESSES["feedback"]) for name, value in service.environment.items()}
    assert environment(command).items() >= given.items()


def test_links_in_messages_lead_to_where_feedback_is():
    [delivery] = [target for target in TARGETS if target.name == "delivery"]

    assert environment(deploy_command(delivery, RELEASE, ADDRESSES))["LINK_BASE"] == "https://kairos-feedback.run.app"


def test_secrets_are_taken_from_secret_manager_by_name():
    service = next(target for target in TARGETS if target.secrets)

    command = deploy_command(service, RELEASE, ADDRESSES)

    option = next(each for each in command if each.startswith("--set-secrets="))
    assert option == "--set-secrets=" + ",".join(f"{name}={secret_id(name)}:latest" for name in service.secrets)
    assert not any("PUSH_TOKEN" in each for each in command)


def test_who_is_pushed_to_is_told_by_whom_and_who_checks_the_signature():
    commands = {service.name: deploy_command(service, RELEASE, ADDRESSES) for service in TARGETS}
    told = {name: environment(command) for name, command in commands.items()}
    callers = [*TOPOLOGY["subscriptions"].values(), *TOPOLOGY["schedules"].values()]
    pushed = {declared["service"] for declared in callers if "service" in declared}

    assert {name for name, each in told.items() if "PUSH_ACCOUNT" in each} == pushed
    for name in pushed:
        tickers = [flow for flow, each in TOPOLOGY["workflows"].items() if name in each.get("ticks", [])]
        accounts = [f"kairos-{each}@bank.iam.gserviceaccount.com" for each in ("push", *tickers)]
        assert told[name]["PUSH_ACCOUNT"].split() == accounts
        assert told[name]["PUSH_AUDIENCE"] == f"https://kairos-{name}.bank"
        assert told[name]["PUSH_SIGNATURE"] == ("checked" if TOPOLOGY["services"][name]["public"] else "removed")
    assert told["feedback"]["PUSH_SIGNATURE"] == "checked"


def test_service_accounts_and_tags_fit_their_limits():
    for service in TARGETS:
        assert re.fullmatch(r"[a-z](?:[-a-z0-9]{4,28})[a-z0-9]", service.deployed_name)
        assert len(f"{RELEASE.tag}---{service.deployed_name}") <= 49


def test_an_image_without_digest_is_refused():
    with pytest.raises(ValueError, match="names no digest"):
        Release("bank", "europe-west2", "r-1", "functions:latest")


def test_a_service_that_terraform_has_not_made_is_not_made_here():
    cloud = FakeCloud(existing={target.deployed_name for target in TARGETS} - {"kairos-decide"})

    with pytest.raises(CloudError, match="kairos-decide is not there; terraform"):
        deploy.deploy_all(cloud, RELEASE, TARGETS, APPLIED)

    assert not cloud.ran


def test_a_release_waits_for_what_terraform_has_not_applied():
    cloud = FakeCloud()
    deploy.deploy_all(cloud, RELEASE, TARGETS, APPLIED)
    assert [command[:4] for command in cloud.ran] == [
        ["gcloud", "run", "deploy", each.deployed_name] for each in TARGETS
    ]

    cloud = FakeCloud()
    cloud.applied = "of another topology"
    with pytest.raises(CloudError, match="made of another topology or other workflows"):
        deploy.deploy_all(cloud, RELEASE, TARGETS, APPLIED)
    assert not cloud.ran


def test_a_release_touches_nothing_that_is_terraforms():
    options = {each.partition("=")[0] for service in TARGETS for each in deploy_command(service, RELEASE, ADDRESSES)}

    assert not options & {"--allow-unauthenticated", "--no-allow-unauthenticated", "--set-custom-audiences", "--min"}
    assert "--command" in options, "what refused until the first release would go on refusing"


def test_a_good_release_moves_in_steps():
    cloud = FakeCloud()

    run_canary(cloud)

    for service in TARGETS:
        assert cloud.traffic(service.deployed_name) == [f"--to-tags=r-1a2b3c4={share}" for share in (1, 5, 25, 100)]


def test_a_revision_that_is_not_ready_gets_no_traffic():
    cloud = FakeCloud()
    cloud.not_ready["https://kairos-delivery.run.app"] = "503 no secret STAND_INS"

    with pytest.raises(deploy.CanaryError, match="kairos-delivery-2 is not ready: 503 no secret STAND_INS"):
        run_canary(cloud)

    for service in TARGETS:
        assert cloud.traffic(service.deployed_name) == [f"--to-revisions={service.deployed_name}-1=100"]


def test_errors_in_one_service_put_all_back():
    cloud = FakeCloud()
    cloud.errors["kairos-ingest-2"] = {"2xx": 90, "5xx": 10}

    with pytest.raises(deploy.CanaryError, match="answered 10 of 100"):
        run_canary(cloud)

    for service in TARGETS:
        restored = f"--to-revisions={service.deployed_name}-1=100"
        assert cloud.traffic(service.deployed_name) == ["--to-tags=r-1a2b3c4=1", restored]


def test_no_request_is_said_and_not_taken_for_success(capsys):
    cloud = FakeCloud()
    cloud.errors["kairos-decide-2"] = {}

    run_canary(cloud)

    assert "kairos-decide-2: no request came" in capsys.readouterr().out


def test_a_command_that_fails_puts_all_back():
    cloud = FakeCloud()
    cloud.failing = {"--to-tags=r-1a2b3c4=5"}

    with pytest.raises(CloudError, match="refused"):
        run_canary(cloud)

    assert cloud.traffic("kairos-ingest")[-1] == "--to-revisions=kairos-ingest-1=100"


def test_one_service_that_cannot_be_put_back_does_not_keep_the_others():
    cloud = FakeCloud()
    cloud.errors["kairos-ingest-2"] = {"5xx": 1}
    cloud.failing = {"--to-revisions=kairos-identity-1=100"}

    with pytest.raises(CloudError, match="NOT ROLLED BACK"):
        run_canary(cloud)

    for service in TARGETS:
        assert cloud.traffic(service.deployed_name)[-1].startswith("--to-revisions=")


def test_a_service_with_nothing_but_the_release_is_checked_and_not_moved():
    cloud = FakeCloud(only_new={"kairos-decide"})

    run_canary(cloud)

    assert cloud.traffic("kairos-decide") == []
    assert len(cloud.traffic("kairos-ingest")) == 4


def test_traffic_of_one_revision_under_several_names_adds_up():
    entries = [{"revisionName": "a", "percent": 60}, {"revisionName": "a", "tag": "t", "percent": 40}, {"tag": "u"}]

    assert serving({"status": {"traffic": entries}}) == {"a": 100}


def test_a_tag_that_nothing_carries_is_named():
    with pytest.raises(LookupError, match="kairos-decide has no revision tagged r-9"):
        tagged({"metadata": {"name": "kairos-decide"}, "status": {"traffic": []}}, "r-9")


def test_a_dry_run_prints_the_commands_and_runs_none(capsys, monkeypatch):
    monkeypatch.setattr(deploy, "Gcloud", None)

    deploy.main(["deploy", "--project", "bank", "--tag", "r-1", "--image", f"x@{DIGEST}", "--dry-run"])
    deploy.main(["canary", "--project", "bank", "--tag", "r-1", "--dry-run"])

    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith("$ gcloud run ") for line in lines)
    assert sum("run deploy" in line for line in lines) == len(TARGETS)
    assert sum("--to-tags=r-1=" in line for line in lines) == 4 * len(TARGETS)


def test_a_topology_with_an_unknown_setting_is_refused():
    declared = {**TOPOLOGY["services"]["decide"], "gpu": 1}

    with pytest.raises(TypeError, match="gpu"):
        Service(name="decide", **declared)


def test_the_build_uses_only_substitutions_and_steps_that_exist():
    build = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
    text = (ROOT / "cloudbuild.yaml").read_text()

    steps = ["terraform", "verify", "stage", "build", "push", "deploy", "catalogue", "canary"]
    assert [step["id"] for step in build["steps"]] == steps
    assert set(re.findall(r"\$\{(_\w+)\}", text)) <= build["substitutions"].keys()
    for step in build["steps"]:
        declared = {variable.split("=")[0] for variable in step.get("env", [])}
        assigned = set(re.findall(r"^\s*(\w+)=", step.get("script", ""), re.MULTILINE))
        used = set(re.findall(r"\$\{?(\w+)", step.get("script", "")))
        assert used <= declared | assigned, f"{step['id']} uses what it is not given"


@pytest.mark.parametrize("bridge", ["", "kafka"])
def test_every_function_starts_from_what_the_build_stages_and_the_bridge_where_it_is_wanted(tmp_path, bridge):
    build = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
    [stage] = [step["script"] for step in build["steps"] if step["id"] == "stage"]
    for folder in ("functions", "shared", "workers"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for lock in ("requirements.txt", "requirements-kafka.txt"):
        shutil.copy(ROOT / lock, tmp_path)
    given = {
        "CHANNEL_KEYS": "{}",
        "OPERATOR_KEYS": "{}",
        "LINK_KEYS": json.dumps([{"kid": "a", "key": base64.b64encode(b"k" * 32).decode()}]),
        **dict.fromkeys(("SEAL_KEY", "IDENTIFIER_KEY"), "0" * 64),
        "PUSH_TOKEN": "t",
        "GOOGLE_CLOUD_PROJECT": "bank",
        "K_SERVICE": "any",
    }
    declared = [value for service in TOPOLOGY["services"].values() for value in service["environment"].items()]
    modules = [service["source"].removesuffix(".py").replace("/", ".") for service in TOPOLOGY["services"].values()]
    absent = {"yaml", "cel_expr_python", "rich", "httpx"}
    if bridge:
        modules.append("workers.bridge.main")
    else:
        absent.add("confluent_kafka")
    # only what is staged can be imported of Kairos, and none of what a laptop alone has
    program = (
        f"import sys; sys.path[:] = [{str(tmp_path / '.image')!r}, *(p for p in sys.path if p != {str(ROOT)!r})]; "
        f"sys.modules.update(dict.fromkeys({absent!r}))\n"
        f"import {', '.join(modules)}; print(functions.__path__)"
    )

    subprocess.run(["bash", "-c", stage], cwd=tmp_path, check=True, env={**os.environ, "BRIDGE": bridge})
    started = subprocess.run(
        [sys.executable, "-P", "-c", program],
        env={**os.environ, **given, **dict(declared)},
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert started.returncode == 0, started.stderr
    assert str(tmp_path) in started.stdout
    staged = {"functions", "shared", "requirements.txt", *(["workers"] if bridge else [])}
    assert {path.name for path in (tmp_path / ".image").iterdir()} == staged


def test_the_build_calls_the_release_with_options_it_knows(monkeypatch):
    build = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
    scripts = {step["id"]: step["script"] for step in build["steps"] if "-m infra.deploy " in step.get("script", "")}
    calls = {name: script.split("-m infra.deploy ")[1] for name, script in scripts.items()}

    assert list(calls) == ["deploy", "canary"]
    for phase, call in calls.items():
        options = (
            re.sub(r'"\$\{IMAGE[^"]*"', f"x@{DIGEST}", call.replace("\\\n", " ")).replace('"$PAUSE"', "300").split()
        )
        assert options[0] == phase
        deploy.main([*options, "--dry-run"])


def test_the_build_publishes_the_catalogue_before_anything_waits_for_one(monkeypatch):
    build = yaml.safe_load((ROOT / "cloudbuild.yaml").read_text())
    published = {}
    monkeypatch.setattr("cli.stores.publish_to", lambda *each: published.update([each]) is None)
    [step] = [step for step in build["steps"] if "kairos catalogue" in step.get("script", "")]

    command = step["script"].split(".venv/bin/kairos ")[1].replace('"$PROJECT"', "bank").split()
    answer = CliRunner().invoke(kairos, command)

    assert answer.exit_code == 0, answer.output
    [(project, revision)] = published.items()
    assert (project, revision.id) == ("bank", load(ROOT / "catalogue").id)
    assert "live in bank" in answer.output
