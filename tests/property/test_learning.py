"""Learning: what is learnt of a delivery is a function of the set of its outcomes. A stream of outcomes, split over
learners, in any order and with repetitions, ends in the same models to the last count (`domain.md` 8).
"""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters import memory
from shared.domain.forgetting import day
from shared.domain.observed import Increment, lesson
from shared.domain.outcome import OUTCOMES, Outcome, lasting
from shared.domain.propensity import NO_EVIDENCE, present, version
from shared.runtime.metering import RequestMeter
from tests.contract.samples import NOW, contact, delivery, take, taught

LEARNERS = 8
CELLS = [f"{digest}{number}" for digest in ("AAAAA", "BBBBB", "CCCCC") for number in range(3)]
MODELS = ["a.email@email", "a.web@web", "b.sms@sms"]
KNOWN = st.lists(st.sampled_from(CELLS), unique_by=lambda cell: cell[:5], max_size=3)
BINS = st.builds(
    lambda known, parents, *rest: "".join(known) + (f"|{known[0]}" if known and parents else "") + "".join(rest),
    KNOWN,
    st.booleans(),
    st.sampled_from(["", "~1", "~30"]),
    st.sampled_from(["", "^K", "^KV"]),
)
TODAY = (NOW + timedelta(days=21)).timestamp()
TOLD = st.tuples(st.integers(0, 7), st.sampled_from(sorted(OUTCOMES)), st.integers(0, 20))
"""Of which delivery what came when."""


@st.composite
def lives(draw):
    """Deliveries of several models, and outcomes of them."""
    models = draw(st.lists(st.tuples(st.sampled_from(MODELS), BINS), min_size=8, max_size=8))
    deliveries = [delivery(n, model=model, bins=bins) for n, (model, bins) in enumerate(models)]
    return deliveries, list(enumerate(draw(st.lists(TOLD, max_size=60))))


def learn(store, deliveries, each):
    """Take one outcome in, as any instance of feedback does."""
    number, (which, name, day) = each
    of = deliveries[which]
    outcome = Outcome(id=f"o-{number}", outcome=name, delivery_id=of.delivery_id, at=NOW + timedelta(days=day))
    take(memory.Outcomes(store, RequestMeter()), outcome, of, contact(of))


def truth(deliveries, told):
    """What the whole set of outcomes says of each delivery: outcome to when first, and the counts of each model."""
    first = [{} for _ in deliveries]
    for _, (which, name, days) in told:
        at = NOW + timedelta(days=days)
        first[which][name] = min(at, first[which].get(name, at))
    first = [lasting(each) for each in first]
    counts = {}
    for of, outcomes in zip(deliveries, first, strict=True):
        if (learnt := lesson(outcomes)) is not None:
            for each in taught([Increment(learnt, 1)], of.bins):
                eras = counts.setdefault(of.model, {})
                eras[each.era] = eras.get(each.era, NO_EVIDENCE) + each
    return first, {model: present(eras.values(), day(TODAY)) for model, eras in counts.items()}


def models(place):
    return memory.Models(place, clock=lambda: TODAY).counts()


@settings(max_examples=100, deadline=None)
@given(life=lives(), rnd=st.randoms(use_true_random=False))
def test_any_order_split_and_repetition_ends_in_the_truth(life, rnd):
    deliveries, told = life
    in_order, store = memory.Store(), memory.Store()
    for each in told:
        learn(in_order, deliveries, each)
    learners = [[] for _ in range(LEARNERS)]
    for each in [*told, *rnd.sample(told, len(told) // 2)]:
        rnd.choice(learners).append(each)
    while any(learners):
        learner = rnd.choice([learner for learner in learners if learner])
        learn(store, deliveries, learner.pop(rnd.randrange(len(learner))))
    first, counts = truth(deliveries, told)
    for place in (in_order, store):
        found = {name: each for name, each in models(place).items() if each != NO_EVIDENCE}
        assert found == counts
        assert version(models(place)) == version(counts)
        history = memory.Contacts(place, RequestMeter()).history("p-1").value.contacts
        noted = {key: each.outcomes for key, each in history.items()}
        assert noted == {
            of.delivery_id: outcomes for of, outcomes in zip(deliveries, first, strict=True) if of.delivery_id in noted
        }
