"""Applying: again, after a release, after a change of the topology, and what is refused."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.terraform.deployed import (
    ROOT,
    TOPOLOGY,
    Deployed,
    TerraformError,
    copied,
    one,
    terraform,
)


def test_applying_again_changes_nothing_and_leaves_what_a_release_did(deployed_in, attached, tmp_path):
    state = json.loads((deployed_in / "terraform.tfstate").read_text(encoding="utf-8"))
    [services] = [each for each in state["resources"] if each["type"] == "google_cloud_run_v2_service"]
    for each in services["instances"]:
        released = each["attributes"]
        released["template"][0]["containers"][0] |= {"image": "functions@sha256:1", "command": None}
        released["traffic"] = [
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "r-1", "percent": 100, "tag": "r"}
        ]
        released["client"] = "gcloud"
    file = tmp_path / "released.tfstate"
    file.write_text(json.dumps({**state, "serial": state["serial"] + 1}), encoding="utf-8")

    assert "No changes" in terraform(deployed_in, "plan", "-detailed-exitcode", f"-state={file}", attached=attached)


def test_what_is_added_to_the_topology_is_taken_up_without_a_word_of_terraform(deployed_in, tmp_path, attached):
    topology = json.loads(json.dumps(TOPOLOGY))  # without references
    topology["topics"]["offers-expired"] = {"message": "offer.expired"}
    topology["services"]["audit"] = {
        **topology["services"]["identity"],
        "publishes": ["offers-expired"],
        "secrets": ["AUDIT_KEY"],
    }
    topology["subscriptions"]["audit"] = {
        **topology["subscriptions"]["identity"],
        "topic": "offers-expired",
        "service": "audit",
    }
    topology["workflows"]["count"] = {"source": "workflows/count.yaml", "calls": ["audit"]}
    topology["schedules"]["count"] = {"workflow": "count", "cron": "0 4 * * *"}
    counting = (
        "main:\n  steps:\n"
        "    - read:\n        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString\n"
        "        args:\n          secret_id: kairos-operator-key-count\n"
        "    - ask:\n        call: googleapis.bigquery.v2.jobs.query\n"
    )
    folder = copied(ROOT, tmp_path, topology=topology, workflows={"count.yaml": counting})
    shutil.copy(deployed_in / "terraform.tfstate", folder)

    terraform(folder, "init", attached=attached)
    terraform(folder, "apply", "-auto-approve", "-refresh=false", attached=attached)

    made = Deployed(terraform(folder, "show", "-json", attached=attached))
    assert "offers-expired" in made.of("pubsub_topic")
    assert one(made.of("pubsub_subscription")["audit"]["push_config"])["push_endpoint"].startswith(
        "https://kairos-audit-"
    )
    assert ("pubsub.publisher", "offers-expired") in made.may("audit")
    assert {"kairos-audit-key", "kairos-operator-key-count"} <= made.of("secret_manager_secret", "secret_id").keys()
    assert made.may("count") == {
        ("run.invoker", "kairos-audit"),
        ("secretmanager.secretAccessor", "kairos-operator-key-count"),
        ("bigquery.jobUser", "project"),
        ("bigquery.dataViewer", "kairos"),
    }
    assert made.of("cloud_scheduler_job")["kairos-count"]["schedule"] == "0 4 * * *"


@pytest.mark.parametrize(
    ("file", "was", "is_now", "said"),
    [
        (
            "messages.tf",
            "ack_deadline_seconds       = each.value.ack_deadline_seconds",
            "ack_deadline = 1",
            "Unsupported argument",
        ),
        ("data.tf", '"FIRESTORE_NATIVE"', '"FIRESTORE"', "type is 'FIRESTORE'"),
        ("data.tf", "replication {", "replicated {", "Unsupported block type"),
    ],
)
def test_what_google_would_refuse_is_refused_here(tmp_path, attached, file, was, is_now, said):
    folder = copied(ROOT, tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    assert was in text
    (folder / file).write_text(text.replace(was, is_now), encoding="utf-8")
    terraform(folder, "init", attached=attached)

    with pytest.raises(TerraformError, match=said):
        terraform(folder, "plan", attached=attached)


def test_nobody_who_would_be_told_is_a_mistake(deployed_in, attached):
    with pytest.raises(TerraformError, match="Somebody has to be told"):
        terraform(deployed_in, "plan", attached=attached, given={"alert_emails": "[]"})


def test_the_files_are_formatted():
    assert terraform(ROOT / "infra", "fmt", "-check", "-recursive", "-diff") == ""
