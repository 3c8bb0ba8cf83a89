"""The classifier: what models make of a person, against the formula written out, and at its ends."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import Learning, NumericPredictor, Starting, SymbolicPredictor
from shared.domain.classifier import ACTIVE_FROM, Classifier, Model, rounded
from shared.domain.grouping import heeding
from shared.domain.pooling import pooled
from shared.domain.predictors import Predictors
from shared.domain.propensity import ASSOCIATED, NO_EVIDENCE, Counts, Tally, propensity, version
from tests.unit.domain.lessons import learn

PREDICTORS = Predictors(
    [
        NumericPredictor(reads="profile.balance", edges=(0.0, 500.0, 5000.0)),
        SymbolicPredictor(reads="profile.job", values=("clerk", "retired")),
        NumericPredictor(reads="profile.logins", edges=(10.0,)),
    ]
)
STARTING = Starting(propensity=0.05, evidence=20.0)
COUNTS = st.integers(0, 10**6)


@st.composite
def taught(draw):
    """The counts of one model, with those of a predictor that is no longer there."""
    cells = [name for names in PREDICTORS.cells for name in names] + ["OTHER0"]
    some = st.dictionaries(st.sampled_from(cells), COUNTS.filter(bool))
    return Counts(
        positives=draw(COUNTS),
        negatives=draw(COUNTS),
        positives_by_cell=draw(some),
        negatives_by_cell=draw(some),
    )


def pools(every):
    """Which bins of each predictor are one, by the counts of all models, each of a group of its own."""
    found = []
    for names, is_ordered in zip(PREDICTORS.cells, PREDICTORS.ordered, strict=True):
        yes, no = (
            np.array([[float(by_cell.get(cell, 0)) for cell in names] for by_cell in each])
            for each in ([c.positives_by_cell for c in every], [c.negatives_by_cell for c in every])
        )
        found.append(pooled(yes, no, is_ordered=is_ordered))
    return found


def written_out(starting, counts, bins, pooling):
    """The formula of `shared.domain.classifier`, one row and one predictor after the other."""
    m = propensity(starting, counts)
    total, active = 0.0, 0
    for names, number, pool in zip(PREDICTORS.cells, bins, pooling, strict=True):
        share = starting.evidence / len(names)
        bins_of = [(counts.positives_by_cell.get(c, 0), counts.negatives_by_cell.get(c, 0)) for c in names]
        rates = [(yes + m * share) / (yes + no + share) for yes, no in bins_of]
        positives, negatives = sum(yes for yes, _ in bins_of), sum(no for _, no in bins_of)
        won = sum(
            yes * no * (1.0 if rates[i] > rates[j] else 0.5 if i == j else 0.0)
            for i, (yes, _) in enumerate(bins_of)
            for j, (_, no) in enumerate(bins_of)
        )
        if not positives * negatives or won / (positives * negatives) < ACTIVE_FROM:
            continue
        active += 1
        one = [n for n, is_one in enumerate(pool[number]) if is_one]
        yes, no = (sum(bins_of[n][side] for n in one) for side in (0, 1))
        if yes + no:
            share *= len(one)
            total += math.log((yes + m * share) / (no + (1 - m) * share)) - math.log(m / (1 - m))
    odds = m / (1 - m) * math.exp(total / math.sqrt(1 + active))
    return odds / (1 + odds)


@pytest.mark.parametrize("seed", range(20))
def test_the_formula_written_out(seed):
    rng = random.Random(seed)
    models, counts = [Model(f"m{n}", STARTING) for n in range(12)], {}
    for model in models[1:]:
        cells = [name for names in PREDICTORS.cells for name in names]
        yes, no = ({cell: rng.randint(1, 10 ** rng.randint(0, 5)) for cell in cells} for _ in range(2))
        in_all = {"positives": sum(yes.values()) // 3, "negatives": sum(no.values()) // 3}
        counts[model.id] = Counts(**in_all, positives_by_cell=yes, negatives_by_cell=no)
    bins = [rng.randrange(len(names)) for names in PREDICTORS.cells]
    known = [counts.get(model.id, NO_EVIDENCE) for model in models]
    expected = [written_out(STARTING, each, bins, pools(known)) for each in known]
    assert Classifier(models, PREDICTORS, counts)(bins) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=50, deadline=None)
@given(
    asked=st.lists(
        st.tuples(st.sets(st.integers(0, 11), min_size=1), st.sets(st.integers(0, 11))), min_size=1, max_size=8
    ),
    counts=taught(),
    parents=st.booleans(),
)
def test_rows_come_to_the_same_whatever_they_are_asked_among(asked, counts, parents):
    models = [Model(f"m{n}", STARTING, f"action{n}", "group") for n in range(12)]
    known = {"m5": exclusive_or()} if parents else {"m1": counts, "m4": split(3, 8)}
    classifier = Classifier(models, TOGETHER if parents else PREDICTORS, known)
    bins = [3, 2] if parents else [1, 1, 1]
    every = classifier(bins)
    for rows, others in asked:
        some = np.array(sorted(rows))
        among = sum(1 << row for row in rows | others)
        assert (classifier(bins, some, among) == every[some]).all()


@settings(deadline=None)
@given(counts=taught(), bins=st.tuples(*(st.integers(0, len(names) - 1) for names in PREDICTORS.cells)))
def test_it_is_a_probability_and_never_certain(counts, bins):
    classifier = Classifier([Model("m", STARTING), Model("new", STARTING)], PREDICTORS, {"m": counts})
    p = rounded(classifier(bins), 8)
    assert ((p > 0) & (p < 1)).all()
    assert p[1] == 0.05


@given(counts=taught(), propensity_=st.floats(1e-6, 0.999), evidence=st.floats(0.001, 1e6))
def test_without_evidence_by_bin_it_is_the_posterior_mean_to_the_last_bit(counts, propensity_, evidence):
    starting = Starting(propensity=propensity_, evidence=evidence)
    plain = Counts(positives=counts.positives, negatives=counts.negatives)
    expected = propensity(starting, counts)
    assert Classifier([Model("m", starting)], PREDICTORS, {"m": plain})([0, 0, 0])[0] == expected
    assert Classifier([Model("m", starting)], Predictors([]), {"m": counts})([])[0] == expected
    only_old = Counts(
        positives=counts.positives, negatives=counts.negatives, positives_by_cell={"OTHER0": 9}, negatives_by_cell={}
    )
    assert Classifier([Model("m", starting)], PREDICTORS, {"m": only_old})([1, 1, 1])[0] == expected


def learnt(*bins):
    """Counts of a model that (accepted, refused) so often in each bin of the first predictor."""
    cells = PREDICTORS.cells[0]
    yes, no = ({c: pair[n] for c, pair in zip(cells, bins, strict=True) if pair[n]} for n in (0, 1))
    return Counts(positives=sum(yes.values()), negatives=sum(no.values()), positives_by_cell=yes, negatives_by_cell=no)


def by_bin(counts):
    classifier = Classifier([Model("m", STARTING)], PREDICTORS, {"m": counts})
    return [float(classifier([number, 0, 0])[0]) for number in range(len(PREDICTORS.cells[0]))]


def test_a_bin_in_which_more_accept_raises_p_and_one_in_which_fewer_do_lowers_it():
    counts = learnt((10, 190), (1, 299), (9, 191), (60, 140), (0, 0))
    p = by_bin(counts)
    mean = propensity(STARTING, counts)
    assert p[1] < p[2] < p[0] < p[3]
    assert p[1] < mean < p[3]
    assert p[4] == pytest.approx(mean, rel=1e-12)  # where nobody was nothing is known


def test_little_evidence_moves_little():
    few, many = learnt((0, 2), (0, 3), (0, 3), (1, 1), (0, 0)), learnt((0, 200), (0, 300), (0, 300), (100, 100), (0, 0))
    assert STARTING.propensity < by_bin(few)[3] < by_bin(many)[3]
    assert by_bin(few)[3] < 3 * propensity(STARTING, few)


def test_a_predictor_that_tells_nothing_is_not_listened_to():
    counts = learnt((50, 950), (50, 951), (50, 949), (50, 950), (50, 950))
    assert by_bin(counts) == [propensity(STARTING, counts)] * 5


def test_rows_depend_on_each_other_only_by_which_bins_are_one():
    rng = random.Random(4)
    apart = [(100, 4900), (700, 4300), (1500, 3500), (2500, 2500), (4000, 1000)]
    counts = {f"m{n}": learnt(*((yes + rng.randint(0, 40), no) for yes, no in apart)) for n in range(30)}
    models = [Model(name, STARTING) for name in counts]
    together = Classifier(models, PREDICTORS, counts)([2, 1, 0])
    alone = [Classifier([model], PREDICTORS, counts)([2, 1, 0])[0] for model in models]
    assert together == pytest.approx(np.array(alone), rel=1e-14)


def split(accepting, refusing, bins=((10, 190), (1, 299), (9, 191), (60, 140), (0, 0))):
    """Counts of a model whose outcomes by bin are a part of these."""
    return learnt(*((yes * accepting, no * refusing) for yes, no in bins))


def test_a_new_treatment_expects_what_its_siblings_found():
    models = [
        Model("old.email@email", STARTING, "old@email", "savings@email"),
        Model("new.email@email", STARTING, "new@email", "savings@email"),
        Model("old.sms@sms", STARTING, "old@sms", "savings@sms"),
    ]
    p = Classifier(models, PREDICTORS, {"old.email@email": split(1, 1)})
    low, high = p([1, 0, 0]), p([3, 0, 0])
    assert low[1] < STARTING.propensity < high[1]
    assert low[2] == high[2] == STARTING.propensity


def test_what_a_treatment_found_itself_outweighs_what_its_siblings_did():
    models = [Model(f"{name}@web", STARTING, name, "savings") for name in ("one", "other")]
    against = split(1, 1, ((60, 140), (60, 140), (10, 190), (1, 199), (0, 0)))
    p = Classifier(models, PREDICTORS, {"one@web": against, "other@web": split(1, 1)})
    assert p([1, 0, 0])[0] > p([3, 0, 0])[0]
    assert p([1, 0, 0])[1] < p([3, 0, 0])[1]


def test_an_outcome_counts_once_whether_or_not_an_action_has_one_treatment():
    alone = Classifier([Model("one@web", STARTING)], PREDICTORS, {"one@web": split(1, 1)})
    grouped = Classifier([Model("one@web", STARTING, "one", "savings")], PREDICTORS, {"one@web": split(1, 1)})
    assert [alone([n, 0, 0])[0] for n in range(5)] == [grouped([n, 0, 0])[0] for n in range(5)]


TOGETHER = Predictors(
    [
        SymbolicPredictor(reads="profile.fond", values=("no", "yes")),
        SymbolicPredictor(reads="profile.job", values=("clerk", "retired")),
    ],
    Learning(parents=("profile.fond",)),
)


def exclusive_or(times=60):
    """Who is either, and not both, accepts three times in four; others once in four. A third is a bit fonder."""
    tally = Tally()
    for fond in (2, 3):
        for job in (2, 3):
            named = TOGETHER.named([fond, job])
            for number in range(times):
                accepted = (number % 4 < 3) == ((fond == 3) != (job == 3))
                learn(tally, named, accepted=accepted or (fond == 3 and number % 10 == 0))
    return tally.counts()


def test_what_two_predictors_say_together_is_learnt_of_a_parent():
    together = Classifier([Model("m", STARTING)], TOGETHER, {"m": exclusive_or(400)})
    apart = Classifier([Model("m", STARTING)], Predictors(together_predictors()), {"m": exclusive_or(400)})
    p, q = ({bins: float(c(bins)[0]) for bins in ((2, 2), (2, 3), (3, 2), (3, 3))} for c in (together, apart))
    assert p[2, 2] < p[2, 3]
    assert p[3, 3] < p[3, 2]
    assert not (q[2, 2] < q[2, 3] and q[3, 3] < q[3, 2])


def test_a_parent_is_listened_to_once_enough_were_in_its_bin():
    few = Classifier([Model("m", STARTING)], TOGETHER, {"m": exclusive_or(8)})
    apart = Classifier([Model("m", STARTING)], Predictors(together_predictors()), {"m": exclusive_or(8)})
    assert few([3, 3]) == apart([3, 3])


def together_predictors():
    return [
        SymbolicPredictor(reads="profile.fond", values=("no", "yes")),
        SymbolicPredictor(reads="profile.job", values=("clerk", "retired")),
    ]


def runs(yes, no, *, is_ordered=True):
    """The bins that are one, lowest first."""
    matrix = pooled(np.array([yes], np.float64), np.array([no], np.float64), is_ordered=is_ordered)
    return sorted({tuple(int(n) for n in row.nonzero()[0]) for row in matrix})


def test_neighbours_that_do_not_differ_are_one_bin_and_others_are_not():
    assert runs([9, 10, 11, 60, 61], [91, 90, 89, 40, 39]) == [(0,), (1, 2), (3, 4)]
    assert runs([10, 60, 10, 60], [90, 40, 90, 40]) == [(0,), (1,), (2,), (3,)]
    assert runs([10, 60, 10, 60], [90, 40, 90, 40], is_ordered=False) == [(0,), (1, 3), (2,)]


def test_a_bin_that_nobody_was_in_is_pooled_with_none():
    assert runs([0, 10, 0, 10], [0, 90, 0, 90]) == [(0,), (1, 3), (2,)]


def test_groups_that_differ_keep_a_bin_apart_for_all():
    yes, no = np.array([[0.0, 10, 10], [0, 10, 40]]), np.array([[0.0, 90, 90], [0, 90, 60]])
    assert pooled(yes, no, is_ordered=True).tolist() == np.eye(3).tolist()


def test_of_predictors_that_are_alike_a_model_listens_to_the_best_alone_whichever_that_is():
    balance, job = PREDICTORS.cells[:2]
    declared = [
        NumericPredictor(reads="profile.balance", edges=(0.0, 500.0, 5000.0)),
        SymbolicPredictor(reads="profile.job", values=("clerk", "retired")),
    ]
    tells = {"yes": {balance[1]: 80, balance[3]: 20}, "no": {balance[1]: 400, balance[3]: 500}}
    blurred = {"yes": {job[2]: 65, job[3]: 35}, "no": {job[2]: 450, job[3]: 450}}
    models = [Model("m", STARTING, group="one"), Model("n", STARTING, group="other")]
    counts = {
        "m": _counted(tells, blurred),
        "n": _counted(
            {"yes": {balance[1]: 65, balance[3]: 35}, "no": {balance[1]: 450, balance[3]: 450}},
            {"yes": {job[2]: 80, job[3]: 20}, "no": {job[2]: 400, job[3]: 500}},
        ),
    }
    together = Learning(alike=(("profile.balance", "profile.job"),))
    found = Predictors(declared, Learning(alike_from=0.8))
    associated = {ASSOCIATED: Counts(associations={"".join(sorted(found.digests)): 800})}
    alone = [Classifier(models, Predictors([one]), counts) for one in declared]

    both = Classifier(models, Predictors(declared, together), counts)

    for bins in ([1, 2], [3, 3], [3, 2], [0, 0]):
        first, second = (each([number]) for each, number in zip(alone, bins, strict=True))
        assert both(bins) == pytest.approx([first[0], second[1]], rel=1e-12)
        assert Classifier(models, found, {**counts, **associated})(bins).tolist() == both(bins).tolist()
    assert not np.allclose(both([1, 2]), Classifier(models, Predictors(declared), counts)([1, 2]))
    for learning in (Learning(), Learning(alike_from=0.9), Learning(parents=("profile.job",), alike_from=0.8)):
        assert not heeding(Predictors(declared, learning), associated).alike
    assert version({**counts, **associated}) != version(counts)


def _counted(*by_cell):
    """The counts of a model of whom every outcome has a cell of each predictor."""
    return Counts(
        positives=100,
        negatives=900,
        positives_by_cell={cell: n for each in by_cell for cell, n in each["yes"].items()},
        negatives_by_cell={cell: n for each in by_cell for cell, n in each["no"].items()},
    )
