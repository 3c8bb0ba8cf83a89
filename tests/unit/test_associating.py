"""Associating: predictors that say much the same are found in the history, and models heed the best of them alone."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from functions.records.associating import Associate
from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.domain.errors import NotFoundError
from shared.domain.propensity import ASSOCIATED
from tests.ungoverned import Ungoverned
from tests.unit.domain.situations import NOW, person, policy
from tests.unit.domain.test_experiments import decided

DECLARED = {
    "predictors": [
        {"reads": "profile.age", "kind": "numeric", "edges": [30, 60]},
        {"reads": "profile.disposable_income", "kind": "numeric", "edges": [1000.0]},
        {"reads": "profile.vip", "kind": "symbolic"},
    ],
    "learning": {"alike_from": 0.8},
}
FINDS = policy(**DECLARED)
DECLARES = policy(**{**DECLARED, "learning": {}})
DAY = NOW.date()


class Only(Ungoverned):
    """The port `Catalogues`, of one revision; every other is gone."""

    def __init__(self, compiled):
        self.compiled = compiled

    def current(self):
        return self.compiled

    def get(self, revision):
        if revision != self.compiled.revision.id:
            raise NotFoundError(revision)
        return self.compiled


@pytest.fixture(scope="module")
def store():
    """A day on which older persons are looked after, whatever their income is; and of a revision that is gone."""
    store = memory.Store()
    history = memory.DecisionHistory(memory.new_sealer(store))
    for number in range(150):
        who = person(age=70 if number % 2 else 20, vip=number % 2 == 1, disposable_income=500.0 + 1000.0 * (number % 3))
        for name, compiled in (("s", FINDS), ("gone", DECLARES)):
            _, row = decided(compiled, (), said={"id": f"{name}-{number}"}, profile=who)
            history.deliver(*envelope(row))
    return store, history


def associate(store, compiled):
    kept, history = store
    return Associate(history, memory.Reports(kept), memory.Models(kept, refresh_seconds=0.0), Only(compiled))


def test_what_is_found_is_heeded_and_a_day_that_is_counted_again_counts_once(store):
    found = associate(store, FINDS)(DAY, NOW)

    assert found.groups == (("profile.age", "profile.vip"),)
    assert associate(store, FINDS)(DAY, NOW) == found
    assert associate(store, FINDS)(DAY + timedelta(days=1), NOW) == msgspec.structs.replace(
        found, day=DAY + timedelta(days=1)
    )
    assert associate(store, FINDS)(DAY + timedelta(days=28), NOW).decisions == 0
    associate(store, FINDS)(DAY, NOW)
    [kept] = memory.Models(store[0]).counts()[ASSOCIATED].associations.values()
    assert kept > 990


def test_where_nothing_is_to_be_found_nothing_is_counted(store):
    assert associate(store, DECLARES)(DAY, NOW).decisions == 0
