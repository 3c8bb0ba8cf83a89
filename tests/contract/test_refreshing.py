"""Values kept in the process and renewed behind the answer."""

from __future__ import annotations

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from shared.adapters import memory
from shared.adapters.refreshing import RENEWAL, Policies, Prepared, Refreshing
from shared.domain.errors import NotFoundError, TransientError
from shared.domain.policy.factors import Factors
from shared.domain.propensity import Counts
from tests.contract.renewals import renewals_end
from tests.contract.samples import revision


class Source:
    """Something slow that may fail: gives 1, 2, 3, …"""

    def __init__(self) -> None:
        self.loads = 0
        self.fails = False
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self) -> int:
        assert self.go_on.wait(5)
        self.loads += 1
        if self.fails:
            raise TransientError("away")
        return self.loads


@pytest.fixture
def source():
    return Source()


@pytest.fixture
def now():
    return [100.0]


@pytest.fixture
def value(source, now):
    return Refreshing(source, refresh_seconds=30, monotonic=lambda: now[0])


def test_many_who_come_at_once_load_once(source, value):
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda _: value.get(), range(20))) == {1}
    assert source.loads == 1


def test_nobody_waits_for_a_renewal(source, value, now):
    assert value.get() == 1
    now[0] += 31
    source.go_on.clear()
    assert [value.get() for _ in range(10)] == [1] * 10
    source.go_on.set()
    renewals_end()
    assert value.get() == 2
    assert source.loads == 2


def test_a_renewal_that_fails_leaves_the_old_value_and_is_tried_again_later(source, value, now):
    assert value.get() == 1
    source.fails = True
    now[0] += 31
    assert value.get() == 1
    renewals_end()
    assert source.loads == 2
    assert [value.get() for _ in range(10)] == [1] * 10
    assert source.loads == 2
    source.fails = False
    now[0] += 31
    assert value.get() == 1
    renewals_end()
    assert value.get() == 3


def test_who_never_had_a_value_hears_why(source, value):
    source.fails = True
    with pytest.raises(TransientError):
        value.get()
    source.fails = False
    assert value.get() == 2


def test_after_a_long_sleep_the_value_is_loaded_first_or_the_old_one_serves(source, value, now):
    assert value.get() == 1
    now[0] += 3600
    assert value.get() == 2
    source.fails = True
    now[0] += 3600
    assert value.get() == 2


def test_of_many_who_wait_for_what_cannot_be_loaded_one_tries(source, now):
    asked = []

    def clock():
        asked.append(now[0])
        if asked.count(3700.0) == 20:
            source.go_on.set()
        return now[0]

    value = Refreshing(source, refresh_seconds=30, monotonic=clock)
    assert value.get() == 1
    source.fails = True
    source.go_on.clear()
    now[0] = 3700.0
    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(lambda _: value.get(), range(20))) == {1}
    assert source.loads < 10  # the last may come when the first has failed


def test_what_was_forgotten_does_not_come_back(source, value, now):
    assert value.get() == 1
    now[0] += 31
    source.go_on.clear()
    assert value.get() == 1
    value.forget()
    source.go_on.set()
    assert value.get() == 3


def test_the_last_few_policies_are_kept():
    loads = []

    def load(name: str):
        loads.append(name)
        if name == "none":
            raise NotFoundError(name)
        return revision(name)

    policies = Policies(load, kept=2)
    for name in "a", "b", "a", "c", "a", "b":
        assert policies.get(name).revision.catalogue.name == name
    assert loads == ["a", "b", "c", "b"]
    for _ in range(2):
        with pytest.raises(NotFoundError):
            policies.get("none")


def test_a_decision_makes_no_classifier_once_there_was_one(monkeypatch, now):
    made = []

    def prepare(factors, counts, really=Factors.prepare):
        made.append(threading.current_thread().name)
        return really(factors, counts)

    monkeypatch.setattr(Factors, "prepare", prepare)
    store, prepared, passing = memory.Store(), Prepared(), {"monotonic": lambda: now[0]}
    catalogues = memory.Catalogues(store, prepare=prepared.policy, **passing)
    models = memory.Models(store, prepare=prepared.counts, **passing)
    catalogues.publish(revision("a"))

    def decide():
        policy, counts = catalogues.current(), models.counts()
        policy.factors.propensities(counts, {}, "d", [])
        return policy, counts

    before, known = decide()
    assert len(made) == 1
    store.models["m@email"] = Counts(positives=1)
    now[0] += 61
    decide()
    renewals_end()
    assert decide()[1]["m@email"].positives == 1
    before.factors.propensities(known, {}, "d", [])  # who began before goes on by what was known then
    assert made[1:] == [RENEWAL]
    catalogues.publish(revision("b"))
    assert decide()[0] is not before
    assert len(made) == 3


def test_a_policy_that_is_no_longer_kept_goes_at_once():
    """Garbage is not looked for among policies, so they must stand in no cycle."""
    policies = Policies(revision, kept=1)
    first = weakref.ref(policies.get("a"))
    gc.disable()
    try:
        policies.get("b")
        assert first() is None
    finally:
        gc.enable()


@pytest.mark.parametrize("name", ["a", "none"])
def test_garbage_is_looked_for_again_once_a_revision_is_loaded_or_was_not_there(name):
    def load(name: str):
        if name == "none":
            raise NotFoundError(name)
        return revision(name)

    with suppress(NotFoundError):
        Policies(load).get(name)
    assert gc.isenabled()
