"""Promoting and demoting: the role of an estimator in a draft is changed by evidence, and nothing else is."""

from __future__ import annotations

import httpx
import msgspec
import pytest
import yaml
from click.testing import CliRunner

from cli import promoting
from cli.model import model
from cli.promoting import with_role
from tests.unit.answering import Platform

BLOCK = """\
weights: {propensity: 1}
estimators:
  - scope: {channels: [web]}  # where it counts
    name: forest  # of the data science team
    deadline_ms: 80
  - {name: boosting, serves: false}
"""


def test_a_role_is_changed_and_every_comment_stays():
    for name, index in (("forest", 0), ("boosting", 1)):
        there = with_role(BLOCK, name, serves=True)
        assert yaml.safe_load(there)["estimators"][index]["serves"] is True
        assert there.count("#") == 2
        assert with_role(there, name, serves=True) == there
        assert yaml.safe_load(with_role(there, name, serves=False))["estimators"][index]["serves"] is False
    assert with_role(BLOCK, "boosting", serves=True) == BLOCK.replace("serves: false", "serves: true")
    assert with_role(BLOCK, "nobody", serves=True) is None
    assert with_role("weights: {}", "forest", serves=True) is None


@pytest.fixture
def run(monkeypatch, tmp_path):
    file = tmp_path / "arbitration.yaml"
    file.write_text(BLOCK)

    def commanded(*command, verdict, days=("2026-03-01",)):
        compared = {"treatments": 9, "positives": 9, "unscored": 0, "verdict": verdict, "says": "too few"}
        told = {
            "challenger": "forest",
            "since": "2026-02-02",
            "until": "2026-03-02",
            "passed_over": 0,
            "served": 3,
            "compared": compared,
        }
        answers = {"/v1/learning": {"days": days}, "/v1/learning/2026-03-01": {"challengers": [told]}}
        platform = Platform(lambda request: httpx.Response(200, content=msgspec.json.encode(answers[request.url.path])))
        monkeypatch.setattr(promoting, "running", lambda: platform)
        done = CliRunner().invoke(model, [*command, "--draft", str(tmp_path)])
        return done.exit_code, done.output, yaml.safe_load(file.read_text())["estimators"][0].get("serves", False)

    return commanded


def test_it_is_promoted_by_evidence_and_demoted_without(run):
    assert run("promote", "forest", verdict="open")[::2] == (1, False)
    assert run("promote", "boosting", verdict="better")[::2] == (1, False)
    assert run("promote", "forest", verdict="better", days=())[::2] == (1, False)
    code, said, serves = run("promote", "forest", verdict="better")
    assert (code, serves) == (0, True)
    assert "of 3 it said P itself" in said
    assert run("demote", "forest", verdict="better")[::2] == (0, False)
    assert run("demote", "nobody", verdict="worse")[::2] == (1, False)


@pytest.mark.parametrize("text", [None, "a: [b", "---\na: 1\n---\nb: 2\n"])
def test_a_draft_that_cannot_be_read_is_said_and_demoting_asks_nobody(tmp_path, text, monkeypatch):
    monkeypatch.setattr(promoting, "running", lambda: pytest.fail("asked"))
    if text is not None:
        (tmp_path / "arbitration.yaml").write_text(text)

    done = CliRunner().invoke(model, ["demote", "forest", "--draft", str(tmp_path)])

    assert done.exit_code == 1
    assert "cannot be read" in done.output
    (tmp_path / "arbitration.yaml").write_text(BLOCK.replace("deadline_ms: 80", "serves: true"))
    assert CliRunner().invoke(model, ["demote", "forest", "--draft", str(tmp_path)]).exit_code == 0
    assert "serves: true" not in (tmp_path / "arbitration.yaml").read_text()
