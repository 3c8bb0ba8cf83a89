"""What is exported, in the shapes of decision management; its figures are those that `pdstools` works out of it."""

from __future__ import annotations

import random
import zipfile
from collections import Counter

import httpx
import msgspec
import pytest
from click.testing import CliRunner

from cli import export as command
from functions.records.interactions import interactions
from shared.domain.decision import DecisionRecord
from shared.domain.exchange.decisions import STAGES, decisions
from shared.domain.exchange.figures import auc, lifts, z_ratios
from shared.domain.exchange.models import models, predictors
from shared.domain.propensity import Counts, model_id
from shared.messages import HistoryRow
from tests.contract.samples import NOW
from tests.unit.answering import Platform
from tests.unit.domain.situations import policy
from tests.unit.domain.test_experiments import decided

PREDICTING = policy(
    predictors=[
        {"reads": "profile.age", "kind": "numeric", "edges": [30, 50]},
        {"reads": "profile.first_name", "kind": "symbolic", "values": ["Ann", "Bob"]},
    ]
)
RULES = [
    {
        "id": "one",
        "kind": "cap",
        "limit": 0,
        "outcomes": ["sent"],
        "window": "1d",
        "reason": "None.",
        "scope": {"channels": ["sms"]},
    }
]


def counts():
    """Two models that have learnt by every cell."""
    draw = random.Random(12)
    cells = [cell for names in PREDICTING.factors.predictors.cells for cell in names] + ["score5", "score6", "score9"]

    def some():
        return {cell: draw.randrange(1, 60) for cell in cells}

    names = [model_id(t.id, t.channel) for _, t in PREDICTING.rows][:2]
    return {
        name: Counts(positives=90, negatives=400, positives_by_cell=some(), negatives_by_cell=some()) for name in names
    }


def outcome(number, name, delivery):
    return HistoryRow(
        row_id=f"o-{number}", kind="outcome", outcome=name, occurred_at=NOW, action="loan", delivery_id=delivery
    )


def test_a_delivery_that_was_answered_after_all_has_no_no_response_in_any_order():
    rows = [outcome(1, "no_response", "v-1"), outcome(2, "click", "v-1"), outcome(3, "no_response", "v-2")]
    rows += [outcome(4, "impression", "v-2"), outcome(5, "bounce", "v-3"), outcome(6, "no_response", "v-3")]

    told = [each["pyOutcome"] for each in interactions(rows, {})]

    assert told == ["Clicked", "NoResponse", "Impression", "Bounced"]


def history():
    draw = random.Random(13)
    for number in range(300):
        common = {
            "decision_id": f"d-{number}",
            "person_id": f"p-{number % 50}",
            "action": draw.choice(["saver", "loan"]),
            "issue": "grow",
            "group_id": "loans",
            "channel": "web",
            "rank": 1,
        }
        common["treatment"] = f"{common['action']}.hero"
        yield HistoryRow(
            row_id=f"d-{number}", kind="decision", outcome="offered", occurred_at=NOW, propensity=0.25, **common
        )
        for name in ("impression", "click"):
            if name == "impression" or draw.random() < 0.3:
                yield HistoryRow(row_id=f"{name}-{number}", kind="outcome", outcome=name, occurred_at=NOW, **common)


def test_a_snapshot_has_each_model_and_each_bin_of_what_it_learnt():
    known = counts()
    snapshot, bins = list(models(PREDICTING, known, NOW)), list(predictors(PREDICTING, known, NOW))

    assert [row["pyModelID"] for row in snapshot] == [model_id(t.id, t.channel) for _, t in PREDICTING.rows]
    assert {row["pyModelID"] for row in bins} == set(known)
    assert {row["pyPredictorName"] for row in bins} == {"profile.age", "profile.first_name", "Classifier"}
    by = Counter((row["pyModelID"], row["pyPredictorName"]) for row in bins)
    assert by[next(iter(known)), "Classifier"] == 5  # from the lowest score that was seen to the highest
    assert all(0.5 <= row["pyPerformance"] <= 1 for row in snapshot)


def test_figures_of_bins_are_what_they_are_by_hand():
    bins = [(30.0, 10.0), (10.0, 30.0), (0.0, 0.0)]

    assert auc(bins) == pytest.approx(0.75)
    assert lifts(bins) == [1.5, 0.5, 0.0]
    assert z_ratios(bins)[0] == pytest.approx(0.5 / (2 * 0.75 * 0.25 / 40) ** 0.5)
    assert auc([(3.0, 0.0)]) == 0.5


def test_an_extract_says_where_each_treatment_ended():
    compiled = policy(rules=RULES)
    record, _ = decided(compiled, ())
    rows = list(decisions(compiled, record))

    ended = {row["pyTreatment"]: row["Stage_pyName"] for row in rows}
    assert ended[record.chosen[0].treatment] == "Output"
    assert set(ended) == {t.id for _, t in compiled.rows if t.channel in ("email", "sms")}
    assert {row["Stage_pyName"] for row in rows} <= {stage.name for stage in STAGES.values()}


def answer(request):
    """What exports say."""
    said = {
        "/v1/exports/models": {"rows": list(models(PREDICTING, counts(), NOW))},
        "/v1/exports/predictors": {"rows": list(predictors(PREDICTING, counts(), NOW))},
        "/v1/exports/interactions/2026-03-02": {"rows": list(interactions(history(), {"web": "inbound"}))},
        "/v1/days/2026-03-02": {"decisions": 4},
        "/v1/exports/decisions/2026-03-02": {"rows": extracts()},
        "/v1/exports/records/2026-03-02": {"rows": [record for record, _ in made()]},
    }[request.url.path]
    return httpx.Response(200, content=msgspec.json.encode(said))


def made():
    """Some decisions."""
    compiled = policy(rules=RULES)
    return [(decided(compiled, (), said={"id": f"s-{number}"})[0], compiled) for number in range(4)]


def extracts():
    """Rows of them."""
    return [row for record, compiled in made() for row in decisions(compiled, record)]


def exported(monkeypatch, folder, what):
    monkeypatch.setattr(command, "running", lambda: Platform(answer))
    options = [] if what == "models" else ["--day", "2026-03-02"]
    done = CliRunner().invoke(command.export, [what, str(folder), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_command_writes_archives_of_a_row_a_line(monkeypatch, tmp_path):
    said = exported(monkeypatch, tmp_path, "models")

    assert said.count("✓") == 2
    [file] = tmp_path.glob("*ModelSnapshot_*.zip")
    with zipfile.ZipFile(file) as archive:
        lines = archive.read("data.json").splitlines()
    assert len(lines) == len(PREDICTING.rows)


def test_records_are_written_as_they_are_kept(monkeypatch, tmp_path):
    exported(monkeypatch, tmp_path, "records")

    [file] = tmp_path.glob("records-*.jsonl")
    lines = file.read_bytes().splitlines()
    assert [msgspec.json.decode(line, type=DecisionRecord) for line in lines] == [record for record, _ in made()]


# What pdstools makes of it


@pytest.fixture
def pdstools():
    return pytest.importorskip("pdstools", reason="pip install -r requirements-measuring.txt")


def test_pdstools_finds_the_same_performance_lift_and_z_ratio(pdstools, monkeypatch, tmp_path):
    exported(monkeypatch, tmp_path, "models")
    from pdstools.utils import cdh_utils  # noqa: PLC0415

    [model_file], [bin_file] = tmp_path.glob("*ModelSnapshot_*.zip"), tmp_path.glob("*BinningSnapshot_*.zip")
    datamart = pdstools.ADMDatamart.from_ds_export(
        model_filename=model_file.name, predictor_filename=bin_file.name, base_path=str(tmp_path)
    )
    known = counts()
    ours = {row["pyModelID"]: row for row in models(PREDICTING, known, NOW)}
    theirs = {row["ModelID"]: row for row in datamart.model_data.collect().to_dicts()}
    assert set(theirs) == set(ours)
    for name, row in theirs.items():
        assert row["Performance"] == pytest.approx(ours[name]["pyPerformance"], abs=1e-6)
        assert row["SuccessRate"] == pytest.approx(ours[name]["pySuccessRate"], abs=1e-6)
    frame = datamart.predictor_data.collect()
    bins = {(r["pyModelID"], r["pyPredictorName"], r["pyBinIndex"]): r for r in predictors(PREDICTING, known, NOW)}
    for (model, name), group in frame.group_by("ModelID", "PredictorName"):
        found = group.sort("BinIndex").with_columns(cdh_utils.lift().alias("L"), cdh_utils.z_ratio().alias("Z"))
        performance = cdh_utils.auc_from_bincounts(group["BinPositives"], group["BinNegatives"])
        for row in found.to_dicts():
            own = bins[model, name, row["BinIndex"]]
            assert performance == pytest.approx(own["pyPerformance"], abs=1e-6)
            if own["pyBinResponseCount"]:
                assert row["L"] == pytest.approx(own["pyLift"], abs=1e-6)
                assert row["Z"] == pytest.approx(own["pyZRatio"], abs=1e-5)


def test_pdstools_finds_the_same_success_rates(pdstools, monkeypatch, tmp_path):
    exported(monkeypatch, tmp_path, "interactions")

    [file] = tmp_path.glob("*InteractionHistory_*.zip")
    found = pdstools.IH.from_ds_export(str(file)).aggregates.summary_success_rates(by=["Name"]).collect().to_dicts()
    rows = list(history())
    clicked = Counter(row.action for row in rows if row.outcome == "click")
    shown = Counter(row.action for row in rows if row.outcome == "impression")
    theirs = {row["Name"]: row["SuccessRate_Engagement"] for row in found}
    assert theirs == {action: pytest.approx(clicked[action] / shown[action], abs=1e-6) for action in shown}


def test_pdstools_finds_the_same_funnel(pdstools, monkeypatch, tmp_path):
    exported(monkeypatch, tmp_path, "decisions")
    import polars as pl  # noqa: PLC0415
    from pdstools.decision_analyzer import DecisionAnalyzer  # noqa: PLC0415
    from pdstools.decision_analyzer.stage_grouping import NBAD_PIPELINE  # noqa: PLC0415

    [file] = tmp_path.glob("*Extract_*.zip")
    with zipfile.ZipFile(file) as archive:
        frame = pl.read_ndjson(archive.read("data.json"), infer_schema_length=None)
    analyzer = DecisionAnalyzer(frame.lazy(), level="Stage", sample_size=1000)
    said = {stage: name for group in NBAD_PIPELINE.values() for stage, name in group["stages"].items()}
    ours = Counter(said[row["Stage_pyName"]] for row in extracts())
    assert analyzer.validation_error is None
    found = analyzer.decision_data.group_by("Stage").len().collect().to_dicts()
    assert {row["Stage"]: row["len"] for row in found} == dict(ours)
    _, _, filtered = analyzer.aggregates.get_funnel_data()
    dropped = filtered.group_by("Stage").agg(pl.sum("action_occurrences")).to_dicts()
    assert {row["Stage"]: row["action_occurrences"] for row in dropped} == {
        stage: count for stage, count in ours.items() if stage != "Output"
    }
