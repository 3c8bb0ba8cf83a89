"""Lessons: counted together they come to what each comes to by itself."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.forgetting import Era
from shared.domain.lessons import Lessons
from shared.domain.propensity import Counts, Tally

CELLS = ("AAAAA1", "AAAAA2"), ("BBBBB0", "BBBBB1"), ("CCCCC3",)
KNOWN = st.tuples(*map(st.sampled_from, CELLS))
PARENTS = st.sampled_from([(), (0,), (1, 0), (0, 1)])
BINS = st.builds(
    lambda known, parents, rest: "".join(known) + "|" * bool(parents) + "".join(known[n] for n in parents) + rest,
    KNOWN,
    PARENTS,
    st.sampled_from(["", "~30", "^K", "~30^KV"]),
)
LESSONS = st.lists(st.tuples(st.just("") | BINS, st.sampled_from([1, 1, 1, -1, 1024, -2000]), st.booleans()))


def counted(lessons, era=None):
    every = Lessons()
    for bins, weight, accepted in lessons:
        every.learn(bins, weight, accepted=accepted)
    return every.counts(era)


@given(lessons=LESSONS)
def test_many_come_to_what_each_comes_to_by_itself(lessons):
    tally = Tally()
    for lesson in lessons:
        tally.add(counted([lesson]))
    assert counted(lessons) == tally.counts()


@given(bins=BINS, weight=st.sampled_from([1, 3]), accepted=st.booleans())
def test_one_is_counted_by_cell_by_pair_and_by_score(bins, weight, accepted):
    told, _, score = bins.partition("^")
    cells, _, parents = told.partition("~")[0].partition("|")
    by_cell = defaultdict(int)
    for n in range(0, len(cells), 6):
        by_cell[cells[n : n + 6]] += weight
    by_pair = {parents[n : n + 6]: dict(by_cell) for n in range(0, len(parents), 6)}
    for letter, name in zip(score, ("score", "shade"), strict=False):
        by_cell[name + letter] += weight

    found = counted([(bins, weight, accepted)], Era(0, 30))
    said = [found.negatives, found.negatives_by_cell, found.negatives_by_pair]
    if accepted:
        said = [found.positives, found.positives_by_cell, found.positives_by_pair]

    assert said == [weight, by_cell, by_pair]
    assert found.positives + found.negatives == weight


@given(lessons=LESSONS)
def test_what_is_taken_back_leaves_nothing(lessons):
    taken_back = [(bins, -weight, accepted) for bins, weight, accepted in lessons]
    assert counted([*lessons, *taken_back]) == Counts()
