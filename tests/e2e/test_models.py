"""What models know, and a challenger behind an endpoint, asked of a platform that runs."""

from __future__ import annotations

import msgspec
import pytest
from click.testing import CliRunner

from cli import platform
from cli.main import kairos
from emulators.sandbox import SCORING_HOST
from shared.authoring import build, read
from shared.domain.candidates import instead, known
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from tests.e2e.platforms import ROOT, signal
from tests.e2e.test_decisions import HERO, ask, outcome, report, shown

JSON = {"content-type": "application/json"}

ENDPOINT = {
    "kind": "endpoint",
    "name": "an endpoint",
    "trained_until": "2020-01-01",
    "url": f"https://{SCORING_HOST}/v1/projects/p/locations/europe-west2/endpoints/1:predict",
    "timeout_seconds": 20,
}


def test_models_are_shown_and_challenged_on_whichever_platform(bank, customer, monkeypatch, tmp_path):
    monkeypatch.setattr(platform, "STATE", bank.platform._file.path.parent)
    file = tmp_path / "challenger.json"
    file.write_bytes(msgspec.json.encode(ENDPOINT))
    treatment = shown(bank.decide(ask(customer(), ("web.home.hero", 1))))[0]
    report(bank, outcome(treatment, "click"))

    def compared():
        found = run("model", "challenge", "--by", str(file))["compared"]
        return found if found["positives"] else None

    found = bank.eventually(compared, "the treatment and its outcome in the history")
    learnt = [each for each in run("model", "show")["models"] if each["positives"]]

    assert (found["unscored"], found["verdict"]) == (0, "open")
    assert any(each["model"].startswith(treatment["treatment"]) for each in learnt)


@pytest.mark.emulators
def test_an_estimator_that_is_released_says_p_and_where_it_fails_the_models_do(on_emulators):
    bank = on_emulators
    before = Policy(bank.platform.bank.revision)
    serving = Policy(a_revision_that_serves())
    release = released(bank, serving.revision)
    [person] = bank.newcomers(1)

    def decided(by, *, by_signal=False):
        """A decision of the web, or of what is sent, once this revision makes them."""
        asked = bank.send(signal(person)) if by_signal else bank.decide(ask(person, (HERO, 1)))["decision_id"]
        record = bank.record(asked)
        return record if record.revision == by.revision.id else None

    try:
        served = bank.eventually(lambda: decided(serving), "a decision by the release")
        with bank.providers(channel="scoring", mode="fail"):
            failed = decided(serving)
        sent = bank.eventually(lambda: decided(serving, by_signal=True), "a decision of what is sent, likewise")
    finally:
        told(bank, release, "rollback", {"why": "tried"})
        bank.eventually(lambda: decided(before), "a decision as before")

    assert (served.said_by, sent.said_by, failed.said_by, failed.instead) == (("served",), ("served",), (), b"")
    assert instead(serving, served) == known(serving, failed) != known(serving, served)
    assert all(replay(serving, each).agrees for each in (served, sent, failed))


def a_revision_that_serves():
    """The sample bank, where the sandbox's endpoint says P."""
    files = read(ROOT / "catalogue")
    files["arbitration.yaml"] += "\nestimators: [{name: served, serves: true, deadline_ms: 2000}]\n"
    served = {**ENDPOINT, "name": "served", "at_once": 1000}
    return build({**files, "estimators/served.json": msgspec.json.encode(served).decode()})


def released(bank, revision):
    """The release by which a revision decides for everybody, past a canary."""
    kept = bank.call("releases", "POST", "/v1/revisions", content=revision.catalogue.canonical(), headers=JSON)
    assert kept.status_code == 200, kept.text
    proposal = {"revision": revision.id, "why": "a test"}
    release = bank.call("releases", "POST", "/v1/releases", json=proposal).json()["id"]
    for step in ("check", "simulation"):
        told(bank, release, step, {"passed": True})
    told(bank, release, "approve", {"why": "seen"})
    told(bank, release, "canary", {"share": 1})
    told(bank, release, "promote", {})
    return release


def told(bank, release, step, body):
    """A step of a release, by somebody other than who proposed it."""
    colleague = {"x-api-key": bank.platform.local.credentials.colleague_key}
    answer = bank.call("releases", "POST", f"/v1/releases/{release}/{step}", json=body, headers=colleague, key=False)
    assert answer.status_code == 200, answer.text


def run(*command):
    answer = CliRunner().invoke(kairos, [*command, "--json"])
    assert answer.exit_code == 0, answer.output
    return msgspec.json.decode(answer.stdout)
