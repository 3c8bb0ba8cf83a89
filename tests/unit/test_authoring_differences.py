"""What differs between two catalogues is said in the words of the business, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shared.authoring import build, read
from shared.authoring.differences import differences

CASES = Path(__file__).parent / "authoring_cases"
DIFFERENT = yaml.safe_load((CASES / "differences.yaml").read_text(encoding="utf-8"))
PLAIN = read(CASES / "plain")


def changed(case) -> dict[str, str]:
    files = dict(PLAIN)
    for change in case.get("changes", []):
        assert change["replace"] in files[change["file"]]
        files[change["file"]] = files[change["file"]].replace(change["replace"], change["by"], 1)
    return files


@pytest.mark.parametrize("case", DIFFERENT, ids=[case["case"] for case in DIFFERENT])
def test_each_difference_is_said(case):
    old, new = build(PLAIN), build(changed(case))
    assert [str(change) for change in differences(old.catalogue, new.catalogue)] == case["says"]


@pytest.mark.parametrize("case", DIFFERENT, ids=[case["case"] for case in DIFFERENT])
def test_there_is_a_difference_wherever_the_revision_is_another_and_the_way_back_has_one_too(case):
    old, new = build(PLAIN), build(changed(case))
    assert bool(differences(old.catalogue, new.catalogue)) == (old.id != new.id)
    assert bool(differences(new.catalogue, old.catalogue)) == (old.id != new.id)
