"""What is measured, over HTTP: arms compared by channel and issue, and nothing where the data do not say it."""

from __future__ import annotations

import random
from datetime import timedelta
from functools import cache

import httpx
import msgspec
import pytest
from click.testing import CliRunner
from werkzeug.test import Client
from werkzeug.wrappers import Request

from cli import measure as command
from functions.records.changes_api import changes_routes
from functions.records.changing import EvaluateChange, WorthOfChange
from functions.records.evaluating import Evaluate
from functions.records.exporting import ExportShapes
from functions.records.measuring import Measure
from functions.records.measuring_api import Measuring, measuring_routes
from functions.records.proving import Evidence
from functions.records.watching import Watch, off_policy
from functions.records.weighing import Weigh
from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.adapters.memory.measuring import Measures
from shared.domain.catalogue import Arm, CanaryStep, Experiment, Gates, Guards, Revision
from shared.domain.experiments import Experiments
from shared.domain.explanation import Selection, explain
from shared.domain.measuring.sequences import Interval
from shared.domain.policy.policy import Policy
from shared.domain.releasing.guards import Met
from shared.domain.releasing.worth import Worth
from shared.domain.rules import Holdout
from shared.messages import HistoryRow
from shared.runtime.keys import Keyring
from shared.runtime.service import Service, always_ready
from tests.corpus.keep import NOW
from tests.corpus.tree_bank import revision
from tests.unit.answering import Platform
from tests.unit.domain.situations import NOW as SITUATED
from tests.unit.domain.situations import policy
from tests.unit.domain.test_experiments import STANDING, decided

EXPERIMENTING = Revision(
    msgspec.structs.replace(
        revision().catalogue,
        experiments=(
            Experiment(
                id="standing",
                reason="Worth.",
                arms=(Arm(id="random", share=0.3, ranks_by="chance"), Arm(id="b", share=0.2)),
            ),
        ),
        rules=(Holdout(id="control", share=0.1, stops=("marketing",), reason="Control."), *revision().catalogue.rules),
    )
)
EVIDENCE = Evidence(memory.Reports(memory.Store()))
ARMS = Experiments(EXPERIMENTING.catalogue, (), ())
RATES = {"standing=random": 0.1, "standing=b": 0.2, "": 0.2}


def rows(persons=6000, lost=0.0):
    """Decisions of as many persons, of whom more accept where chance does not rank; of the random arm some are lost."""
    draw = random.Random(3)
    for number in range(persons):
        person = f"p-{number}"
        arms = ARMS.arms(person)
        if "standing=random" in arms and draw.random() < lost:
            continue
        held = "control=held_out" in arms
        arm = next((arm for arm in arms if arm in RATES), "")
        known = {
            "decision_id": f"d-{number}",
            "person_id": person,
            "channel": "web",
            "issue": "grow",
            "action": "saver",
        }
        if held:
            known |= {"action": None, "issue": None, "held_back": "saver.hero"}
        yield HistoryRow(
            row_id=f"d-{number}",
            kind="decision",
            occurred_at=NOW,
            outcome="all_withheld" if held else "offered",
            asked="web",
            arms=" ".join(arms) or None,
            value=None if held else 50.0,
            **known,
        )
        if draw.random() < (0.05 if held else RATES[arm]):
            delivery = {"delivery_id": None, "decision_id": None} if held else {"delivery_id": f"v-{number}"}
            told = {**known, "action": "saver", "issue": "grow", "held_back": None, **delivery}
            yield HistoryRow(
                row_id=f"o-{number}", kind="outcome", occurred_at=NOW + timedelta(hours=1), outcome="convert", **told
            )


class Told:
    """The port `Publisher`, which tells a history."""

    def __init__(self, history):
        self._history = history

    def publish(self, rows):
        for row in rows:
            self._history.deliver(*envelope(row))


def ask(path, told=()):
    store, history = memory.Store(), memory.DecisionHistory(memory.new_sealer(memory.Store()))
    for row in told:
        history.deliver(*envelope(row))
    catalogues = memory.Catalogues(store)
    catalogues.publish(EXPERIMENTING)
    measuring = Measuring(
        Measure(Measures(history), catalogues),
        Weigh(history, catalogues, Told(history)),
        Evaluate(history, catalogues),
        ExportShapes(history, catalogues, memory.Models(store)),
        EvaluateChange(history, Measures(history), catalogues),
        Watch(Measures(history), catalogues, EvaluateChange(history, Measures(history), catalogues), EVIDENCE),
    )
    keys = Keyring('{"audit": {"key": "k"}}')
    routes = [
        *measuring_routes(lambda: measuring, keys, lambda: NOW),
        *changes_routes(lambda: measuring, keys, lambda: NOW),
    ]
    service = Service("records", routes, ready=always_ready)
    return Client(Request.application(service)).open(path, headers={"x-api-key": "k"})


def test_next_best_action_is_compared_with_each_arm_by_channel_and_issue():
    found = ask("/v1/measures", rows()).json

    assert found["problem"] == ""
    assert set(found["found"]) == {"random", "b", "held_out", "next_best_action"}
    by = {(c["against"], c["channel"], c["issue"], c["measure"]): c for c in found["comparisons"]}
    against = by["random", "web", "grow", "acceptances"]
    assert against["difference"][1] < 0.1 < against["difference"][2]
    assert against["difference"][1] > 0
    assert against["lift"][1] < 1.0 < against["lift"][2]
    assert by["random", "", "", "pounds"]["difference"][1] < 5.0 < by["random", "", "", "pounds"]["difference"][2]
    same = by["b", "", "", "acceptances"]["difference"]
    assert same[1] < 0 < same[2]
    assert by["held_out", "", "", "acceptances"]["difference"][1] > 0


def test_persons_who_are_missing_from_an_arm_end_the_report():
    found = ask("/v1/measures", rows(lost=0.3)).json

    assert "random" in found["problem"]
    assert found["comparisons"] == []


def test_too_few_persons_are_no_comparison_and_it_says_why():
    found = ask("/v1/measures?experiment=standing", rows(persons=100)).json

    assert all("difference" not in each and "needed" in each["refused"] for each in found["comparisons"])


def test_what_an_action_did_is_measured_against_those_held_out():
    [uplift] = ask("/v1/measures/uplift", rows()).json["actions"]

    assert uplift["action"] == "saver"
    assert uplift["accepts_anyway"] == pytest.approx(0.05, abs=0.02)
    assert uplift["uplift"][1] < 0.12 < uplift["uplift"][2]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/v1/measures?experiment=gone", 404, "it has standing"),
        ("/v1/measures?from=2026-13-01", 400, "from"),
        ("/v1/measures?from=2026-03-02&to=2026-03-01", 400, "ends before it begins"),
        ("/v1/measures/uplift?from=2020-03-02&to=2026-03-01", 400, "366 days"),
    ],
)
def test_what_cannot_be_asked_is_said(path, status, says):
    answer = ask(path)

    assert answer.status_code == status
    assert says in answer.text


@pytest.mark.parametrize(
    ("options", "lost", "code", "says"),
    [
        ([], 0.0, 0, "✓ against random, web, grow, acceptances of 1,000 persons: "),
        ([], 0.3, 1, "✗ "),
        (["--all"], 0.0, 0, " against held_out, "),
        (["--uplift"], 0.0, 0, "  saver: accepted by "),
        (["--instead", "no_levers"], 0.0, 0, "✗ No decision of that time was drawn or left to chance"),
    ],
)
def test_the_command_says_it_for_people(monkeypatch, options, lost, code, says):
    told = list(rows(lost=lost))

    def answer(request):
        said = ask(request.url.raw_path.decode(), told)
        return httpx.Response(said.status_code, content=said.data)

    monkeypatch.setattr(command, "running", lambda: Platform(answer))

    done = CliRunner().invoke(command.measure, options)

    assert done.exit_code == code, done.output
    assert says in done.output


# What another way of ranking would have come to


@cache
def logged(cases, *, exploration="off", arms=("standing=random",)):
    """Decisions of as many persons for one e-mail or text each, and what became of them: savers are accepted more."""
    return tuple(_logged(cases, exploration, arms))


def _logged(cases, exploration, arms):
    draw, compiled = random.Random(4), experimenting(exploration)
    for number in range(cases):
        record, row = decided(compiled, arms, said={"id": f"s-{number}"}, counts={})
        yield row
        if draw.random() < (0.3 if row.action == "saver" else 0.1):
            yield HistoryRow(
                row_id=f"o-{number}",
                kind="outcome",
                occurred_at=row.occurred_at,
                decision_id=record.decision_id,
                person_id=record.person_id,
                outcome="accept",
            )


@cache
def experimenting(exploration):
    catalogue = msgspec.structs.replace(policy(exploration=exploration).revision.catalogue, experiments=(STANDING,))
    return Policy(Revision(catalogue))


def evaluated(told, exploration="off", ranks_by="priority"):
    compiled = experimenting(exploration)
    history = memory.DecisionHistory(memory.new_sealer(memory.Store()))
    for row in told:
        history.deliver(*envelope(row))

    class Only:
        """The port `Catalogues`, of one revision."""

        def get(self, _revision):
            return compiled

    day = SITUATED.replace(hour=0, minute=0, second=0)
    found = Evaluate(history, Only())(ranks_by, day, day + timedelta(days=1))
    return found, Weigh(history, Only(), Told(history)), history


def test_what_chance_chose_says_what_priority_would_have_come_to():
    found, _, _ = evaluated(logged(1500))

    accepted = found.estimates[0]
    by_priority = "saver" if "saver" in str(decided(experimenting("off"), ())[1].action) else "other"
    truth = 0.3 if by_priority == "saver" else 0.1
    for estimate in (accepted.ips, accepted.snips, accepted.dr):
        assert estimate[1] <= truth <= estimate[2]
    assert found.passed_over == 0
    assert found.support.effective > 200


def test_decisions_that_left_nothing_to_chance_say_nothing():
    found, _, _ = evaluated(logged(20, arms=()))

    assert (found.passed_over, found.estimates, found.support) == (20, (), None)


def test_few_decisions_are_refused_with_the_reason():
    found, _, _ = evaluated(logged(100))

    assert all(estimate.ips is None and "needed" in estimate.refused for estimate in found.estimates)


def test_what_was_drawn_is_weighed_once_however_often_it_is_asked_for():
    _, weigh, history = evaluated(logged(5, exploration="thompson", arms=()), "thompson")

    day = SITUATED.date()
    first = weigh(day)
    assert (first.decisions, first.told, first.passed_over) == (5, 5, 0)
    assert weigh(day) == first
    rows = [
        row
        for row in history.told(SITUATED - timedelta(days=1), SITUATED + timedelta(days=1))
        if row.kind == "selection"
    ]
    assert len(rows) == 5
    assert all(row.outcome == "drawn" and 0 < row.selection_probability <= 1 and row.record is None for row in rows)


def test_a_decision_explains_how_probable_its_choice_was_before_anybody_weighs_it():
    _, weigh, history = evaluated(logged(5, exploration="thompson", arms=()), "thompson")
    weigh(SITUATED.date())
    told = history.told(SITUATED - timedelta(days=1), SITUATED + timedelta(days=1))
    by_row = {row.decision_id: row.selection_probability for row in told if row.kind == "selection"}
    records = [record for record in history.decisions(SITUATED.date(), "") if record.chosen]

    found = {each.decision_id: explain(experimenting("thompson"), each).selection for each in records}

    assert {key: each.probability for key, each in found.items()} == by_row
    assert {each.how for each in found.values()} == {"drawn"}
    by_chance, row = decided(experimenting("off"), ("standing=random",), said={"id": "s-1"}, counts={})
    assert explain(experimenting("off"), by_chance).selection.probability == row.selection_probability < 1
    usual, row = decided(experimenting("off"), (), said={"id": "s-1"}, counts={})
    assert explain(experimenting("off"), usual).selection == Selection(
        probability=row.selection_probability, how="exact"
    )


def changed(told, *, exploration="off", **others):
    """What another revision would have come to on what was told."""
    before, after = experimenting(exploration), policy(**others)
    history = memory.DecisionHistory(memory.new_sealer(memory.Store()))
    for row in told:
        history.deliver(*envelope(row))

    class Both:
        """The port `Catalogues`, of two revisions."""

        def get(self, revision):
            return {each.revision.id: each for each in (before, after)}[revision]

    day = SITUATED.replace(hour=0, minute=0, second=0)
    return EvaluateChange(history, Measures(history), Both())(after.revision.id, day, day + timedelta(days=1))


def best_and_others():
    """What priority gives, and what else chance gave."""
    best = str(decided(experimenting("off"), ())[1].action)
    return best, sorted({str(row.action) for row in logged(100) if row.kind == "decision"} - {best})


def test_what_a_change_would_have_come_to_is_said_by_the_decisions_that_it_changes():
    best, others = best_and_others()
    found = changed(logged(3000), only=others)
    low, high = found.worth[0].difference[1:]
    rates = [0.3 if action == "saver" else 0.1 for action in (best, decided(policy(only=others), ())[1].action)]
    assert found.changing == found.decisions == 3000
    assert low <= rates[1] - rates[0] <= high
    assert found.support.effective > 200


def test_a_change_that_changes_no_choice_is_worth_nothing_more():
    best, _ = best_and_others()
    found = changed(logged(100), only=[best])
    assert (found.changing, found.support) == (0, None)
    assert [each.difference for each in found.worth] == [(0.0, 0.0, 0.0)] * 2


def test_a_change_to_what_was_hardly_ever_chosen_is_refused():
    best, others = best_and_others()
    told = [row for row in logged(1500) if row.kind == "outcome" or row.action == best]
    found = changed(told, only=others)
    assert found.changing == found.decisions > 200
    assert all(each.difference is None and "would change" in each.refused for each in found.worth)


def test_many_decisions_are_sampled_by_the_hash_in_their_ids(monkeypatch):
    monkeypatch.setattr("functions.records.changing.MOST_DECISIONS", 40)
    found = changed(logged(400), only=[best_and_others()[0]])
    assert len(found.prefix) == len("d-") + 1
    assert 5 < found.decisions < 60


WATCHED = "/v1/guards?revision={0}&live={0}&share={1}&since=2026-11-23T08:00:00Z"


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        (WATCHED.format(EXPERIMENTING.id, 5), 200, "wait"),
        (WATCHED.format(EXPERIMENTING.id, 7), 400, "none of 1, 5, 25"),
        (WATCHED.format(EXPERIMENTING.id, "x"), 400, "share"),
        (WATCHED.format("sha256:none", 5), 404, "sha256:none"),
        ("/v1/guards?revision=a&live=b&share=1&since=soon", 400, "since"),
        ("/v1/guards?revision=a&live=b&share=1", 400, "since"),
        (f"/v1/gates/value?revision={EXPERIMENTING.id}&live={EXPERIMENTING.id}", 200, "no gate asks for it"),
        ("/v1/measures/change", 400, "revision"),
        (f"/v1/measures/change?revision={EXPERIMENTING.id}", 200, EXPERIMENTING.id),
    ],
)
def test_what_is_asked_of_a_change_is_answered_or_said_to_be_wrong(path, status, says):
    answer = ask(path)
    assert answer.status_code == status, answer.text
    assert says in answer.text


def worth_of(low, high, now=1.0):
    pounds = Worth(measure="pounds", now=now, difference=Interval((low + high) / 2, low, high))
    return WorthOfChange(
        revision="r",
        since=NOW,
        until=NOW,
        prefix="d-",
        decisions=900,
        changing=300,
        worth=(pounds,),
        support=None,
        passed_over=0,
    )


@pytest.mark.parametrize(
    ("low", "high", "tripped"), [(-0.3, -0.1, True), (-0.3, -0.04, False), (-0.3, 0.1, False), (0.1, 0.2, False)]
)
def test_a_change_is_stopped_by_its_value_where_its_whole_interval_loses_too_much(low, high, tripped):
    assert off_policy(worth_of(low, high), 0.05).tripped == tripped


def test_before_a_canary_goes_on_its_value_is_asked_and_may_stop_it():
    gates = Gates(canary=(CanaryStep(share=1, at_least="1s", fewest=1),), guards=Guards(off_policy=0.05))
    live = Revision(msgspec.structs.replace(EXPERIMENTING.catalogue, gates=gates))
    catalogues = memory.Catalogues(memory.Store())
    catalogues.publish(live)

    class Counted:
        """The port `Measures`, of a canary of which nothing is bad."""

        def canary(self, _canary, _since, _until):
            return Met(5, {}), Met(500, {})

    for low, verdict in ((-0.3, "stop"), (-0.1, "go_on")):
        watch = Watch(Counted(), catalogues, lambda *_: worth_of(low, low + 0.1), EVIDENCE)  # noqa: B023
        assert watch(live.id, live.id, 1, NOW, NOW + timedelta(minutes=5)).verdict == verdict
