"""What is worked out night by night: what models know is kept, watched, and held against who would take their place."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
import pytest

from functions.records.challenging import Challenged
from functions.records.kept import KeepMeasures
from functions.records.learning import Learn
from shared.adapters import memory
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.measuring.report import Report
from shared.domain.measuring.uplift import Uplifts
from shared.domain.propensity import Counts
from shared.domain.shadow import Compared
from tests.contract.samples import NOW
from tests.fault.world import Catalogues

DAY = date(2026, 3, 1)
FOREST = {
    "kind": "linear",
    "name": "forest",
    "trained_until": "2026-02-20",
    "intercept": 0.0,
    "features": [{"reads": "channel", "equals": "email"}],
    "coefficients": [1.0],
}


class Models:
    """Models that know what they are told."""

    def __init__(self):
        self.known = {}

    def counts(self):
        return self.known


class Challenge:
    """Says that whoever challenges is better, and of when."""

    def __init__(self):
        self.asked = []

    def __call__(self, challenger, since, until, now, scope):
        self.asked.append((challenger.name, since.date(), until.date()))
        compared = Compared(treatments=9, positives=9, unscored=0, verdict="better", gain=(0.2, 0.1, 0.3))
        return Challenged(challenger=challenger.name, since=since, until=until, compared=compared, passed_over=0)


@pytest.fixture
def night():
    models, challenge = Models(), Challenge()
    return Learn(memory.Reports(memory.Store()), models, Catalogues(), challenge), models, challenge


def test_what_models_knew_on_a_day_is_kept_once(night):
    learn, models, _ = night
    models.known = {"a@email": Counts(positives=1)}
    assert learn.snapshot(DAY, NOW).models == 1
    models.known = {}
    assert learn.snapshot(DAY, NOW).models == 1
    assert learn.snapshot(DAY + timedelta(days=1), NOW).models == 0


@pytest.mark.parametrize("name", ["a/b", "..", "a?b", "a#b", "a%2fb", "\n"])
def test_nobody_is_declared_whom_no_address_could_name(night, name):
    learn, _, _ = night
    with pytest.raises(InvalidError, match="begins with no dot"):
        learn.declare(msgspec.json.encode({**FOREST, "name": name}))
    assert learn.declare(msgspec.json.encode({**FOREST, "name": "élan 2.0-b_c"})).challenger == "élan 2.0-b_c"


def test_who_tells_better_is_proposed_and_nobody_else(night):
    learn, _, challenge = night
    learn.snapshot(DAY, NOW)
    assert not learn.learn(DAY, NOW).proposals
    assert learn.declare(msgspec.json.encode(FOREST)).challenger == "forest"
    assert learn.challengers().challengers == ("forest",)

    learn.challenge("forest", DAY, NOW)
    learnt = learn.learn(DAY, NOW)

    assert challenge.asked == [("forest", date(2026, 2, 21), date(2026, 3, 2))]
    [proposal] = learnt.proposals
    assert proposal.challenger == "forest"
    assert proposal.says == "its logarithmic loss is less by 0.20000 (0.10000 to 0.30000)"
    assert learn.learnt(DAY) == learnt
    assert learn.days().days == (str(DAY),)
    learn.withdraw("forest")
    assert not learn.learn(DAY, NOW).proposals


def test_who_was_trained_with_all_that_there_is_is_not_held_against_it(night):
    learn, _, _ = night
    learn.declare(msgspec.json.encode({**FOREST, "trained_until": str(DAY)}))
    with pytest.raises(InvalidError, match="trained until"):
        learn.challenge("forest", DAY, NOW)
    with pytest.raises(NotFoundError):
        learn.challenge("nobody", DAY, NOW)
    with pytest.raises(NotFoundError):
        learn.learn(DAY, NOW)


class Measure:
    """Measures nothing, and notes when."""

    def __init__(self):
        self.asked = []

    def report(self, experiment, since, until):
        self.asked.append((experiment, str(since.date()), str(until.date())))
        return Report(
            experiment=experiment, since=since, until=until, expected={}, found={}, problem="", comparisons=()
        )

    def uplifts(self, since, until):
        return Uplifts(since=since, until=until, actions=(), scanned_bytes=None)


def test_a_day_is_measured_with_the_weeks_before_it_and_a_month_as_far_as_it_has_come():
    measure = Measure()
    keep = KeepMeasures(measure, memory.Reports(memory.Store()), lambda: NOW)
    today = NOW.date()
    month = f"{today:%Y-%m}"

    assert keep.keep(str(today), "standing").name == str(today)
    assert keep.keep(month, "standing").name == month
    assert keep.keep("2026-02", "standing").name == "2026-02"

    tomorrow = str(today + timedelta(days=1))
    assert measure.asked == [
        ("standing", str(today - timedelta(days=27)), tomorrow),
        ("standing", f"{month}-01", tomorrow),
        ("standing", "2026-02-01", "2026-03-01"),
    ]
    assert keep.kept(month).report.experiment == "standing"
    assert keep.names().names == (str(today), month, "2026-02")
    for name, error in (("2026-13", InvalidError), ("2031-01", InvalidError)):
        with pytest.raises(error):
            keep.keep(name, "standing")
    with pytest.raises(NotFoundError):
        keep.kept("2025-01")
