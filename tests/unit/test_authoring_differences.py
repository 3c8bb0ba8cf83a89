"""What differs between two catalogues is said in the words of the business, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from shared.authoring import build, read
from shared.domain.differences import differences

CASES = Path(__file__).parent / "authoring_cases"
DIFFERENT = yaml.safe_load((CASES / "differences.yaml").read_text(encoding="utf-8"))
PLAIN = read(CASES / "plain")


def changed(case) -> dict[str, str]:
    files = dict(PLAIN)
    for change in case.get("changes", []):
        assert change["replace"] in files[change["file"]]
        files[change["file"]] = files[change["file"]].replace(change["replace"], change["by"], 1)
    return files | case.get("add", {})


@pytest.mark.parametrize("case", DIFFERENT, ids=[case["case"] for case in DIFFERENT])
def test_each_difference_is_said(case):
    old, new = build(PLAIN | case.get("before", {})), build(changed(case))
    assert [str(change) for change in differences(old.catalogue, new.catalogue)] == case["says"]


@pytest.mark.parametrize("case", DIFFERENT, ids=[case["case"] for case in DIFFERENT])
def test_there_is_a_difference_wherever_the_revision_is_another_and_the_way_back_has_one_too(case):
    old, new = build(PLAIN | case.get("before", {})), build(changed(case))
    assert bool(differences(old.catalogue, new.catalogue)) == (old.id != new.id)
    assert bool(differences(new.catalogue, old.catalogue)) == (old.id != new.id)


BEFORE = """rules:
  - {id: night, kind: quiet_hours, times: [{from: "21:00", until: "08:00"}], scope: {channels: [sms]}, reason: Night.}
  - {id: a_day, kind: volume, limit: 500, period: day, reason: Full.}
  - {id: money, kind: budget, pounds: 100, period: month, reason: Spent.}
  - {id: control, kind: holdout, share: 0.02, stops: [marketing], reason: Control.}
"""


@pytest.mark.parametrize(
    ("replace", "by", "said"),
    [
        ('from: "21:00"', 'from: "20:00"',
         ["quiet hours night: on Text now quiet every day 20:00 to 08:00, before every day 21:00 to 08:00"]),
        ('{from: "21:00", until: "08:00"}], ',
         "{days: [sat, holiday]}], max_defer: 9h, holidays: {calendar: GB-ENG, years: [2026]}, ",
         ["quiet hours night: on Text now quiet sat/holiday all day, before every day 21:00 to 08:00",
          "quiet hours night: waits for up to not set → 9 hours",
          "quiet hours night: holidays not set → 9 days from 2026-01-01 to 2026-12-28"]),
        ("limit: 500, period: day", "limit: 600, period: day", ["volume a_day: on everything 500 → 600 per day"]),
        ("limit: 500, period: day", "limit: 60, period: hour",
         ["volume a_day: on everything 500 per day → 60 per hour"]),
        ("pounds: 100", "pounds: 1250", ["budget money: on everything £100 → £1,250 per month"]),
        ("share: 0.02", "share: 0.05", ["holdout control: persons held out 2 % → 5 %"]),
        ("stops: [marketing], reason: C", "stops: [marketing, service], reason: C",
         ["holdout control: stops marketing → marketing and service"]),
    ],
)  # fmt: skip
def test_each_kind_of_rule_differs_in_its_own_words(replace, by, said):
    assert replace in BEFORE
    old = build(PLAIN | {"contact_policy.yaml": BEFORE})
    new = build(PLAIN | {"contact_policy.yaml": BEFORE.replace(replace, by)})

    assert [str(change) for change in differences(old.catalogue, new.catalogue)] == said
