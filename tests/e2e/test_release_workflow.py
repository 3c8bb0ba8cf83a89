"""The workflow `release` over the emulators: killed and gone on with, approved by somebody else, promoted; and stopped,
at the gates or in the canary.
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import msgspec
import pytest

from emulators.provisioning import bigquery_client
from emulators.pump import row_of
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.serving.hosting import Hosted
from emulators.workflows.serving.places import beside
from shared.adapters.envelope import envelope
from shared.authoring import build, read
from shared.domain.catalogue import CanaryStep, Fairness, Guards, Revision
from shared.messages import HistoryRow
from tests.e2e.platforms import ROOT

pytestmark = pytest.mark.emulators

FILES = read(ROOT / "catalogue")
STEPS = tuple(CanaryStep(share=share, at_least="1s", at_most="1h", fewest=20) for share in (1, 5, 25))
ARREARS = """        - name: not_in_arrears
          when: profile.arrears_days == 0
          reason: No lending in arrears.
"""


def a_revision(name, file="bank.yaml", before="", after=""):
    """The sample bank under a name, changed, with a canary that is looked at for a moment; of fairness few persons say
    nothing.
    """
    catalogue = build({**FILES, file: FILES[file].replace(before, after)}).catalogue
    gates = msgspec.structs.replace(
        catalogue.gates, fewest=100, most_value_fall=None, canary=STEPS, guards=Guards(no_action=1.2, complaints=1.5)
    )
    return Revision(msgspec.structs.replace(catalogue, name=name, gates=gates, fairness=Fairness()))


class Releasing:
    """An environment of its own with a revision live in it, and the workflow beside the platform."""

    def __init__(self, bank, hosted):
        self._bank, self._hosted = bank, hosted
        self._workflow = f"projects/{bank.platform.local.project}/locations/europe-west2/workflows/release"
        source = (ROOT / "workflows" / "release.yaml").read_text(encoding="utf-8")
        hosted.server.deploy(self._workflow, source, {}, replace=False)
        self.environment = f"e-{uuid.uuid4().hex[:12]}"
        self.live = a_revision(f"live in {self.environment}")
        release = self.propose(self.live)
        for step in ("check", "simulation"):
            self.tell_as_another(release, step, {"passed": True})
        self.approve(release)
        self.tell(release, "promote", {})

    def tell(self, release, step, body, **options):
        path = f"/v1/releases/{release}/{step}?environment={self.environment}"
        answer = self._bank.call("releases", "POST", path, json=body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tell_as_another(self, release, step, body):
        key = {"x-api-key": self._bank.platform.local.credentials.colleague_key}
        self.tell(release, step, body, headers=key, key=False)

    def propose(self, revision, **told):
        kept = self._bank.call(
            "releases",
            "POST",
            "/v1/revisions",
            content=revision.catalogue.canonical(),
            headers={"content-type": "application/json"},
        )
        assert kept.status_code == 200, kept.text
        path, body = f"/v1/releases?environment={self.environment}", {"revision": revision.id, "why": "a test", **told}
        answer = self._bank.call("releases", "POST", path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["id"]

    def approve(self, release):
        self.tell_as_another(release, "approve", {"why": "seen"})

    def known(self, release):
        path = f"/v1/releases/{release}?environment={self.environment}"
        return self._bank.call("releases", "GET", path).json()

    def until(self, release, state):
        def found():
            known = self.known(release)
            return known if known["state"] == state else None

        return self._bank.eventually(found, f"{release} {state}")

    def start(self, release, persons=150):
        argument = {"release": release, "environment": self.environment, "persons": persons}
        return self._hosted.server.start(self._workflow, json.dumps(argument))

    def callback(self, execution):
        """The callback at which it waits."""
        address = f"{self._hosted.address}/v1/{execution.name}/callbacks"

        def found():
            assert execution.state == "ACTIVE", execution.error or execution.result
            return httpx.get(address).json().get("callbacks")

        return self._bank.eventually(lambda: found() or None, "its callback")[0]["url"]

    def decided(self, revision, persons, **what):
        """Let persons be decided for, ten minutes from now: the clock of the workflow goes ahead."""
        local = self._bank.platform.local
        client = bigquery_client(local.emulators["bigquery"], local.project)
        table = client.get_table(f"{local.project}.kairos.history")
        at = datetime.now(UTC) + timedelta(minutes=10)
        rows = []
        for number in range(persons):
            known = f"{revision.id[7:19]}-{number}-{self.environment}"
            row = HistoryRow(
                row_id=f"d-{known}",
                kind="decision",
                occurred_at=at,
                decision_id=f"d-{known}",
                person_id=f"p-{known}",
                revision=revision.id,
                **{"outcome": "offered", "action": "northmoor_isa", **what},
            )
            rows.append(row_of(envelope(row).data, table.schema))
        assert client.insert_rows_json(table, rows) == []

    def in_force(self):
        return self._bank.call("releases", "GET", f"/v1/releases?environment={self.environment}").json()["in_force"]


@pytest.fixture(scope="module")
def releasing(on_emulators):
    local = on_emulators.platform.local
    token = local.credentials.push_token
    places = beside(local.project, on_emulators.platform.endpoints, local.emulators, token, {})
    with Hosted(places, new_clock=JumpingClock) as hosted:
        yield Releasing(on_emulators, hosted)


def test_a_release_goes_live_through_its_canary_though_its_execution_is_killed_on_the_way(releasing):
    better = a_revision("better", "bank.yaml", "name: Savings", "name: Savings and more")
    release = releasing.propose(better)
    first = releasing.start(release)
    releasing.callback(first)
    simulated = releasing.until(release, "simulated")
    assert simulated["check"]["passed"]
    assert simulated["simulation"]["figures"]["places"]["outbound"]["persons"] == 150
    first.cancel()
    first.wait()
    releasing.approve(release)
    releasing.decided(better, 30)
    releasing.decided(releasing.live, 600)

    again = [releasing.start(release), releasing.start(release)]
    for each in again:
        each.wait()

    assert [each.state for each in again] == ["SUCCEEDED"] * 2, [each.error for each in again]
    assert {json.loads(each.result)["state"] for each in again} == {"live"}
    assert (releasing.known(release)["share"], releasing.in_force()["revision"]) == (25, better.id)
    releasing.live = better


def test_a_canary_that_leaves_persons_without_anything_is_rolled_back_by_itself(releasing):
    silent = a_revision("silent", "bank.yaml", "name: Savings", "name: Nothing")
    release = releasing.propose(silent)
    execution = releasing.start(release)
    callback = releasing.callback(execution)
    releasing.until(release, "simulated")
    releasing.decided(silent, 30, action=None, outcome="nothing_qualified")
    releasing.decided(releasing.live, 600)
    releasing.approve(release)
    httpx.post(callback, json={})
    execution.wait()
    assert execution.state == "SUCCEEDED", execution.error

    known = releasing.known(release)
    assert json.loads(execution.result)["ended"] == known["ended"] == "rolled_back", execution.error
    assert releasing.in_force()["revision"] == releasing.live.id
    assert "canary" not in releasing.in_force()


@pytest.mark.parametrize(
    ("file", "before", "after", "by"),
    [
        ("bank.yaml", ARREARS, "", "Credit is never offered to somebody in arrears"),
        ("contact_policy.yaml", "kind: cap\n    limit: 2", "kind: cap\n    limit: 20", "cap weekly_outbound"),
    ],
    ids=["a loan in arrears", "a cap loosened by mistake"],
)
def test_a_release_that_harms_is_stopped_before_anybody_is_asked(releasing, file, before, after, by):
    release = releasing.propose(a_revision("harm", file, before, after))
    execution = releasing.start(release, persons=1000)
    execution.wait()

    result = json.loads(execution.result)
    assert (result["state"], by in result["why"]) == ("stopped", True), result
    assert releasing.known(release)["state"] in ("draft", "checked")
    releasing.tell(release, "withdraw", {"why": "it harms"})
