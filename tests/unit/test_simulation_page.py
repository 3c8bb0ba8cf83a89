"""The report of a simulation: well formed, by itself, and nothing in it but what was said."""

from __future__ import annotations

import re
import shutil
from xml.etree import ElementTree as ET

import msgspec
import pytest
from click.testing import CliRunner

from cli.simulate import simulate
from tests.e2e.platforms import ROOT

HOSTILE = '"><script>alert(1)</script>&'


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    draft = folder / "draft"
    shutil.copytree(ROOT / "catalogue", draft)
    for file, before, after in (
        ("bank.yaml", "name: Northmoor Group", f"name: 'Northmoor {HOSTILE}'"),
        ("bank.yaml", "profile.credit_score >= 560", "profile.credit_score >= 600"),
        ("fairness.yaml", "fewest: 100", "fewest: 5"),
    ):
        (draft / file).write_text((draft / file).read_text().replace(before, after))
    persons = [
        {
            "person_id": f"p{number}",
            "brands": ["northmoor"],
            "reachable": ["email"],
            "attributes": {
                "age": 41,
                "marital": HOSTILE if number % 2 else "single",
                "credit_score": 500 + 10 * number,
            },
        }
        for number in range(20)
    ]
    (folder / "persons.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, persons)))
    page = folder / "report.html"
    told = [str(draft), "--against", str(ROOT / "catalogue"), "--persons", str(folder / "persons.jsonl")]
    done = CliRunner().invoke(simulate, [*told, "--at", "2026-03-02T12:00:00Z", "--weeks", "1", "--html", str(page)])
    assert done.exit_code == 0, done.output
    return page.read_text(encoding="utf-8")


def test_every_part_is_there_and_every_element_is_closed(written):
    _, _, rest = written.partition("\n")
    root = ET.fromstring(re.sub(r"(<meta [^>]*)>", r"\1/>", rest))
    titles = [each.text for each in root.iter("h2")]
    assert titles == [
        "Value and cost",
        "Funnel",
        "Who gets what",
        "What differs",
        "Gates",
        "Fairness",
        "Contact pressure",
    ]
    assert len(list(root.iter("svg"))) > 20
    assert all(float(each.get("width")) >= 0 for each in root.iter("rect"))


def test_it_needs_no_script_and_fetches_nothing(written):
    assert not re.search(r"<(script|link|img|iframe|object)\b|\b(src|href)=|url\(|@import|https?:", written)


def test_what_others_wrote_stays_text(written):
    assert HOSTILE not in written
    assert "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;" in written


def test_a_page_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "persons.jsonl").write_text('{"person_id": "a"}')
    file = str(tmp_path / "no" / "report.html")
    done = CliRunner().invoke(simulate, ["--persons", str(tmp_path / "persons.jsonl"), "--html", file])
    assert (done.exit_code, "report.html cannot be written" in done.output) == (1, True)
