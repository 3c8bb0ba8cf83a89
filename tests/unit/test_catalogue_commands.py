"""`kairos catalogue` for people and for programs: what it prints, and how it ends."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import kairos
from shared.authoring.schemas import FORMS

PLAIN = Path(__file__).parent / "authoring_cases" / "plain"


@pytest.fixture
def draft(tmp_path) -> Path:
    return Path(shutil.copytree(PLAIN, tmp_path / "draft"))


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(kairos, ["catalogue", *map(str, args)], prog_name="kairos")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_good_catalogue_is_good_strictly_too(draft):
    answer = run("check", draft, "--strict", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout) == {"revision": run("build", draft).stdout.strip(), "problems": []}


def test_a_problem_shows_the_line_and_marks_what_offends(draft):
    change(draft / "bank.yaml", "profile.age >= 18", "profile.aeg >= 18")
    answer = run("check", draft)
    assert answer.exit_code == 1
    said, line, mark, *_ = answer.stderr.splitlines()
    assert said.endswith(
        "bank.yaml:12:39: issues[0].policy.eligibility[0].when: unknown attribute profile.aeg, did you mean age?"
    )
    assert [line[start:end] for start, end in [(mark.index("^"), len(mark))]] == ["aeg"]


def test_a_program_reads_each_problem_by_its_fields(draft):
    change(draft / "bank.yaml", "profile.age >= 18", "profile.aeg >= 18")
    answer = run("check", draft, "--json")
    assert answer.exit_code == 1
    assert json.loads(answer.stdout) == {
        "revision": None,
        "problems": [
            {
                "file": f"{draft}/bank.yaml",
                "line": 12,
                "column": 39,
                "path": "issues[0].policy.eligibility[0].when",
                "message": "unknown attribute profile.aeg",
                "suggestion": "age",
                "text": "aeg",
            }
        ],
    }


def test_warnings_fail_only_strictly(draft):
    change(draft / "arbitration.yaml", "lever: 1", "lever: 0")
    assert run("check", draft).exit_code == 0
    assert "warning: no lever counts" in run("check", draft).stderr
    assert run("check", draft, "--strict").exit_code == 1


def test_a_folder_is_compared_with_a_built_revision(draft, tmp_path):
    before = tmp_path / "before.json"
    run("build", draft, "--output", before)
    assert run("diff", before, draft).stdout == "✓ they mean the same\n"
    change(draft / "contact_policy.yaml", "limit: 2", "limit: 3")
    assert run("diff", before, draft).stdout == "cap weekly: on E-mail 2 → 3 per 7 days\n✓ 1 difference\n"
    said = json.loads(run("diff", before, draft, "--json").stdout)
    assert said["changes"] == [
        {"about": "cap weekly", "kind": "changed", "said": "on E-mail 2 → 3 per 7 days", "actions": 0}
    ]
    assert said["new"] == run("build", draft).stdout.strip()


def test_what_is_no_revision_is_said_with_what_could_be(tmp_path):
    (tmp_path / "no.json").write_text("{}")
    for name in (tmp_path / "no.json", "no-such-branch"):
        answer = run("diff", name, PLAIN)
        assert answer.exit_code == 1
        assert "Name a folder, a built revision's file, live" in answer.stderr


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git. To get it: apt-get install git")
def test_a_commit_is_a_catalogue_too(draft, monkeypatch):
    root = draft.parent
    shutil.copytree(draft, root / "catalogue")
    for command in (["init", "-q"], ["add", "catalogue"], ["commit", "-qm", "A catalogue."]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *command], cwd=root, check=True)
    monkeypatch.setattr("cli.revisions.ROOT", root)
    change(draft / "contact_policy.yaml", "limit: 2", "limit: 3")
    assert run("diff", "HEAD", draft).stdout == "cap weekly: on E-mail 2 → 3 per 7 days\n✓ 1 difference\n"


def test_the_schemas_are_written_where_one_asks(tmp_path):
    assert run("schemas", tmp_path / "schemas").exit_code == 0
    assert len(list((tmp_path / "schemas").glob("*.schema.json"))) == len(FORMS)


def test_a_table_says_which_rules_gate_which_purpose(draft):
    assert run("rules", draft).stdout.splitlines() == [
        "rule        kind         marketing (1)  service (1)",
        "weekly      cap          none           all",
        "no_group    cooldown     all            all",
        "vulnerable  exclusion    all            none",
    ]
    assert json.loads(run("rules", draft, "--json").stdout) == {
        "treatments": {"marketing": 1, "service": 1},
        "rules": [
            {"rule": "weekly", "kind": "cap", "judged": {"marketing": 0, "service": 1}},
            {"rule": "no_group", "kind": "cooldown", "judged": {"marketing": 1, "service": 1}},
            {"rule": "vulnerable", "kind": "exclusion", "judged": {"marketing": 1, "service": 0}},
        ],
    }
