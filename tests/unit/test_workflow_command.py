"""`kairos workflow`, as somebody at a terminal sees it."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cli import platform
from cli.main import kairos
from emulators.workflows.serving.places import beside

SOURCE = """
main:
  params: [args]
  steps:
    - add:
        for: {value: n, range: [1, 3], steps: [{log: {call: sys.log, args: {text: "${string(n)}"}}}]}
    - big:
        switch: [{condition: "${args.x > 5}", steps: [{stop: {raise: "too big"}}]}]
    - done: {return: "${args.x}"}
"""


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.setattr(platform, "STATE", tmp_path / "nothing runs here")
    file = tmp_path / "one.yaml"
    file.write_text(SOURCE)
    return lambda *arguments: CliRunner().invoke(kairos, ["workflow", *arguments])


def test_what_is_wrong_is_said_with_its_place_and_subworkflows_of_other_files_are_known(run, tmp_path):
    (tmp_path / "main.yaml").write_text("- a: {return: '${twice(2)}'}\n")
    assert (
        "main.yaml:1:18: there is no function or subworkflow twice" in run("lint", str(tmp_path / "main.yaml")).output
    )
    (tmp_path / "part.yaml").write_text("twice: {params: [n], steps: [{a: {return: '${n * 2}'}}]}\n")
    found = run("lint", str(tmp_path))
    assert (found.exit_code, found.output.count("✓")) == (0, 3)
    (tmp_path / "warned.yaml").write_text("- a: {return: 'x ${b}'}\n")
    assert run("lint", str(tmp_path)).exit_code == 0
    assert run("lint", "--strict", str(tmp_path)).exit_code == 1
    told = json.loads(run("lint", "--json", str(tmp_path / "warned.yaml")).stdout)
    assert [each["severity"] for each in told[0]["problems"]] == ["warning"]


def test_one_is_run_with_its_log_and_its_result(run, tmp_path):
    done = run("run", str(tmp_path / "one.yaml"), "--argument", '{"x": 4}')
    assert done.exit_code == 0
    assert done.stdout.splitlines() == ["  DEFAULT 1", "  DEFAULT 2", "  DEFAULT 3", "✓ 6 steps: 4"]


def test_one_that_fails_says_where(run, tmp_path):
    failed = run("run", str(tmp_path / "one.yaml"), "--argument", '{"x": 6}')
    assert failed.exit_code == 1
    assert 'RuntimeError: "too big"' in failed.output
    assert 'in step "stop", routine "main", line: 8' in failed.output


def test_what_a_service_said_of_what_it_refused_is_shown(run, tmp_path):
    refused = "{code: 404, body: {detail: there is no release r-0 of live}}"
    (tmp_path / "two.yaml").write_text(f"- a: {{raise: {refused}}}\n")
    assert "  there is no release r-0 of live" in run("run", str(tmp_path / "two.yaml")).output.splitlines()


def test_secrets_are_read_of_the_platform_that_runs_here_without_a_secret_manager(run, tmp_path, monkeypatch):
    (tmp_path / "two.yaml").write_text("""
- read:
    call: googleapis.secretmanager.v1.projects.secrets.versions.accessString
    args: {secret_id: a-key}
    result: key
- done: {return: "${key}"}
""")
    assert "there is no Secret Manager on this machine" in run("run", str(tmp_path / "two.yaml")).output
    here = beside("p", {}, {}, "t", {}, {"a-key": "secret"})
    monkeypatch.setattr(platform, "places", lambda _environment: here)
    assert run("run", str(tmp_path / "two.yaml")).stdout.splitlines() == ['✓ 2 steps: "secret"']


def test_the_path_is_drawn(run, tmp_path):
    drawn = run("trace", str(tmp_path / "one.yaml"), "--argument", '{"x": 4}').output.splitlines()
    assert drawn[:6] == [
        "main(args)",
        "├ ● add: for",
        "│ └ ● log: sys.log  3 times",
        "├ ● big: switch",
        "│ └ ○ stop",
        "└ ● done",
    ]


def test_nobody_waits_for_a_year(run, tmp_path):
    (tmp_path / "year.yaml").write_text("- a: {call: sys.sleep, args: {seconds: 31536000}}\n- b: {return: awake}\n")
    assert run("run", str(tmp_path / "year.yaml"), "--jump").stdout.splitlines() == ['✓ 2 steps: "awake"']


def test_a_workflow_that_there_is_not_is_said_with_those_that_there_are(run):
    missing = run("run", "nothing")
    assert missing.exit_code == 1
    assert "outbound" in missing.output
