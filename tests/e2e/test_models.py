"""What models know, and a challenger behind an endpoint, asked of a platform that runs."""

from __future__ import annotations

import msgspec
from click.testing import CliRunner

from cli import platform
from cli.main import kairos
from emulators.sandbox import SCORING_HOST
from tests.e2e.test_decisions import ask, outcome, report, shown

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


def run(*command):
    answer = CliRunner().invoke(kairos, [*command, "--json"])
    assert answer.exit_code == 0, answer.output
    return msgspec.json.decode(answer.stdout)
