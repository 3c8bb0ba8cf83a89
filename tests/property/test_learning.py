"""Learning: updates commute. A stream of outcomes, split over learners, in any order and with repetitions, ends in the
same models to the last count (`domain.md` 8).
"""

from __future__ import annotations

from datetime import timedelta
from functools import reduce
from operator import add

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters import memory
from shared.domain.errors import AlreadyExistsError
from shared.domain.outcome import OUTCOMES
from shared.domain.propensity import NO_EVIDENCE, Counts, learns, version
from shared.ports import Outcome
from shared.runtime.metering import RequestMeter
from tests.contract.samples import NOW, delivery

LEARNERS = 8
CELLS = [f"{digest}{number}" for digest in ("AAAAA", "BBBBB", "CCCCC") for number in range(3)]
TOLD = st.tuples(
    st.sampled_from(sorted(OUTCOMES)),
    st.sampled_from(["a.email@email", "a.web@web", "b.sms@sms"]),
    st.lists(st.sampled_from(CELLS), unique_by=lambda cell: cell[:5], max_size=3).map("".join),
)


def learn(store, number, told):
    """Record one outcome, as any instance of feedback does."""
    name, model, bins = told
    outcome = Outcome(id=f"o-{number}", outcome=name, delivery_id="v-1", at=NOW + timedelta(seconds=number))
    try:
        memory.Outcomes(store, RequestMeter()).record(outcome, delivery(1, model=model), None, learns(name, bins))
    except AlreadyExistsError:
        return  # one that was told before


def models(store):
    return memory.Models(store).counts()


@settings(max_examples=80, deadline=None)
@given(stream=st.lists(TOLD, max_size=60), rnd=st.randoms(use_true_random=False))
def test_any_order_split_and_repetition_teaches_the_same(stream, rnd):
    in_order, store = memory.Store(), memory.Store()
    for number, told in enumerate(stream):
        learn(in_order, number, told)
    repeated = [*enumerate(stream), *rnd.sample(list(enumerate(stream)), len(stream) // 2)]
    learners = [[] for _ in range(LEARNERS)]
    for each in repeated:
        rnd.choice(learners).append(each)
    while any(learners):
        learner = rnd.choice([learner for learner in learners if learner])
        learn(store, *learner.pop(rnd.randrange(len(learner))))
    assert models(store) == models(in_order)
    assert version(models(store)) == version(models(in_order))


@settings(max_examples=80, deadline=None)
@given(stream=st.lists(TOLD, max_size=40))
def test_what_is_counted_by_cell_adds_up_to_what_is_counted_in_all(stream):
    taught = [learns(name, bins) for name, _, bins in stream]
    counts = reduce(add, taught, NO_EVIDENCE)
    assert counts == reduce(add, reversed(taught), NO_EVIDENCE)
    assert counts == reduce(add, taught[::2], NO_EVIDENCE) + reduce(add, taught[1::2], NO_EVIDENCE)
    for digest in ("AAAAA", "BBBBB", "CCCCC"):
        of_it = [learns(name, digest + "0") for name, _, bins in stream if digest in bins]
        total = reduce(add, of_it, Counts())
        for counted, expected in (
            (counts.positives_by_cell, total.positives),
            (counts.negatives_by_cell, total.negatives),
        ):
            assert sum(n for cell, n in counted.items() if cell.startswith(digest)) == expected
