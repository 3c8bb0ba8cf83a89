"""`kairos quarantine` and `kairos catalogue` on the emulators: what was given up, why, and again; what is live."""

from __future__ import annotations

import json
import uuid

import pytest
from click.testing import CliRunner
from google.cloud.pubsub_v1 import PublisherClient

from cli import platform
from cli.main import kairos
from shared.adapters.firestore.catalogues import Catalogues
from shared.adapters.firestore.client import Database


@pytest.mark.emulators
def test_a_row_that_bigquery_refuses_goes_back_on_the_history(on_emulators, monkeypatch):
    local = on_emulators.platform.local
    monkeypatch.setattr(platform, "STATE", on_emulators.platform._state)
    mark = uuid.uuid4().hex
    row = {
        "row_id": mark,
        "kind": "outcome",
        "occurred_at": "2026-03-01T12:00:00Z",
        "outcome": "click",
        "no_column_of_the_table": mark,
    }
    with PublisherClient() as publisher:
        topic = publisher.topic_path(local.project, "history")
        publisher.publish(topic, json.dumps(row).encode()).result(timeout=30)

    def listed():
        parked = json.loads(kairos_("quarantine", "list", "--limit", "1000", "--json"))
        return next((item for item in parked if mark in kairos_("quarantine", "show", item["id"])), None)

    first = on_emulators.eventually(listed, "the row in quarantine")
    said = kairos_("quarantine", "redrive", first["id"])
    again = on_emulators.eventually(listed, "the row in quarantine once more")

    assert (first["function"], first["topic"]) == ("history-to-bigquery", "history")
    assert "no_column_of_the_table" in first["reason"]
    assert f"{first['id']} is back on history" in said
    assert (again["id"], again["topic"]) == (first["id"], "history")
    assert again["at"] > first["at"]


@pytest.mark.emulators
def test_a_catalogue_is_published_to_a_project(on_emulators):
    project = f"bank-{uuid.uuid4().hex[:8]}"  # the environment points Google's client at the emulator, as at Google

    said = kairos_("catalogue", "publish", "--project", project)

    revision = on_emulators.platform.bank.revision
    database = Database(project)
    assert Catalogues(database).current().revision.id == revision.id
    assert f"live in {project}: {revision.id}" in said
    database.close()


def kairos_(*command):
    answer = CliRunner().invoke(kairos, command)
    assert answer.exit_code == 0, answer.output
    return answer.stdout
