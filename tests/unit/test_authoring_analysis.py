"""What is well-formed in a catalogue and cannot be meant is named; where it cannot be decided, nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shared.authoring import CatalogueError, build, check, read

CASES = Path(__file__).parent / "authoring_cases"
ANALYSED = yaml.safe_load((CASES / "analysis.yaml").read_text(encoding="utf-8"))


def changed(case) -> dict[str, str]:
    """The plain bank, as a case changes it."""
    files = read(CASES / "plain")
    for change in case.get("changes", []):
        assert change["replace"] in files[change["file"]]
        files[change["file"]] = files[change["file"]].replace(change["replace"], change["by"], 1)
    return files | case.get("add", {})


@pytest.mark.parametrize("case", ANALYSED, ids=[case["case"] for case in ANALYSED])
def test_each_finding_is_named_with_its_place(case):
    _, problems = check(changed(case))
    assert [str(problem) for problem in problems] == case["says"]


@pytest.mark.parametrize("case", ANALYSED, ids=[case["case"] for case in ANALYSED])
def test_a_build_fails_by_errors_and_never_by_warnings(case):
    revision, problems = check(changed(case))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        with pytest.raises(CatalogueError) as error:
            build(changed(case))
        assert error.value.problems == errors
    else:
        assert build(changed(case)).id == revision.id
