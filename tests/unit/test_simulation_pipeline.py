"""A simulation as an Apache Beam pipeline comes to the bytes of a simulation on one machine."""

from __future__ import annotations

import shutil

import msgspec
import pytest
from click.testing import CliRunner

from cli.simulate import simulate
from tests.e2e.platforms import ROOT
from tests.unit.test_simulate import PERSONS

NEEDED = ("project", "region", "temp_location", "sdk_container_image")
AT = ("--at", "2026-03-02T12:00:00Z")


@pytest.fixture(scope="module")
def beam():
    return pytest.importorskip("apache_beam", reason="pip install -r requirements-batch.txt")


@pytest.fixture
def persons(tmp_path):
    file = tmp_path / "persons.jsonl"
    file.write_bytes(b"\n".join(map(msgspec.json.encode, PERSONS)))
    return str(file)


def run(*arguments):
    done = CliRunner().invoke(simulate, [*arguments, *AT])
    return done.exit_code, done.stdout if "--json" in arguments and not done.exit_code else done.output


@pytest.mark.usefixtures("beam")
def test_a_pipeline_comes_to_the_same_bytes_however_it_splits_the_lines(persons, tmp_path, monkeypatch):
    draft = tmp_path / "draft"
    shutil.copytree(ROOT / "catalogue", draft)
    bank = draft / "bank.yaml"
    bank.write_text(bank.read_text().replace("profile.credit_score >= 560", "profile.credit_score >= 600"))
    asked = (str(draft), "--against", str(ROOT / "catalogue"), "--persons", persons, "--weeks", "1", "--json")
    here = run(*asked)
    monkeypatch.setattr("workers.simulation.pipeline.AT_ONCE", 5)
    assert here[0] == 0
    assert run(*asked, "--runner", "direct") == here


@pytest.mark.usefixtures("beam")
def test_a_line_that_is_no_person_is_told_by_the_pipeline_too(tmp_path):
    file = tmp_path / "persons.jsonl"
    file.write_text('{"person_id": "a"}\n{"person": "b"}\n')
    code, output = run("--persons", str(file), "--runner", "direct")
    assert code == 1
    assert "a line of the persons: Object contains unknown field `person`" in output


@pytest.mark.usefixtures("beam")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--runner", "dataflow", "--beam", "project=p"), "Dataflow needs region, temp_location, sdk_container_image."),
        (("--runner", "dataflow", *(f"--beam={each}=x" for each in NEEDED)), "No worker of Dataflow can read"),
        (("--beam", "region=europe-west2"), "An option of Beam is for a pipeline."),
    ],
)
def test_what_a_pipeline_lacks_is_said(persons, arguments, says):
    code, output = run("--persons", persons, *arguments)
    assert (code, says in output) == (1, True)
