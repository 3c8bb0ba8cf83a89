"""A volume is never given out twice and hardly held back, whoever takes, gives back, dies or comes in between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.operations.leases import LAPSED_AFTER
from shared.adapters import memory
from shared.adapters.memory.allowances import Ledgers
from shared.domain.allowance import HELD_BACK, Ledger, Refusal, lapsed, lease, returned, taken_back
from shared.domain.catalogue import Revision
from shared.domain.errors import TransientError
from shared.domain.ledgers import ledger_id
from shared.domain.rules import Budget, Scope, Volume
from shared.ports import Versioned
from tests.contract.samples import Counted
from tests.fault.world import bank_revision

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
ACTION, EMAIL = next((a, t.id) for a in bank_revision().catalogue.actions for t in a.treatments if t.channel == "email")
SIZES = st.one_of(st.integers(1, 300), st.integers(1, 1_000_000))


def limited(rule) -> Revision:
    """A catalogue of one action, under one rule."""
    small = {"actions": (ACTION,), "expressions": {}, "conditions": (), "context_weights": ()}
    return Revision(msgspec.structs.replace(bank_revision().catalogue, rules=(rule,), **small))


def daily(limit: int) -> Revision:
    return limited(Volume(id="daily", limit=limit, period="day", reason="Enough.", scope=Scope(channels=("email",))))


class Processes:
    """Processes that take from one ledger; what became of what they took is counted as they cannot."""

    def __init__(self, limit, store=None):
        self.revision, self.store = daily(limit), store or memory.Store()
        self.limit, self.made = limit, 0
        self.living, self.under_way = [], []
        self.used = self.lost = 0

    def start(self):
        self.made += 1
        self.living.append(memory.Allowances(self.store, Counted(), f"holder-{self.made}", lambda _n: None))

    def take(self, which, count=1):
        process = self.living[which % len(self.living)]
        taken = process.take(self.revision, [EMAIL] * count, NOW)
        if taken.closed:
            return False
        self.under_way.append((process, taken, count))
        assert self.used + self.lost + sum(n for *_, n in self.under_way) <= self.limit
        return True

    def come_of(self, which, *, contact):
        process, taken, count = self.under_way.pop(which % len(self.under_way))
        if contact:
            self.used += count
        else:
            process.give_back(taken)

    def die(self, which):
        """What it had under way became nothing, and nobody knows."""
        process = self.living.pop(which % len(self.living))
        mine = [each for each in self.under_way if each[0] is process]
        self.under_way = [each for each in self.under_way if each[0] is not process]
        self.lost += sum(count for *_, count in mine)

    def end(self, which):
        """It stops in good order."""
        process = self.living[which % len(self.living)]
        if all(each[0] is not process for each in self.under_way):
            process.close()
            self.living.remove(process)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["start", "take", "take", "take", "used", "used", "back", "die", "end"]),
        st.integers(0, 20),
        st.sampled_from([1, 1, 1, 2, 5]),
    ),
    max_size=120,
)


@settings(deadline=None)
@given(limit=SIZES, steps=STEPS)
def test_never_more_is_taken_than_there_is_and_a_hundredth_at_most_is_held_back(limit, steps):
    them = Processes(limit)
    them.start()
    for step, which, count in steps:
        if step == "start" or not them.living:
            them.start()
        elif step == "take":
            them.take(which, count)
        elif step == "die":
            them.die(which)
        elif step == "end":
            them.end(which)
        elif them.under_way:
            them.come_of(which, contact=step == "used")
    while them.under_way:
        them.come_of(0, contact=True)

    them.start()  # one more comes along and wants all that it can get
    size = max(1, limit)
    while size:
        while them.take(-1, 1) if size == 1 else take_at_once(them, size):
            them.come_of(-1, contact=True)
        size //= 2

    assert them.used + them.lost <= limit
    assert them.used + them.lost >= limit - limit // HELD_BACK


def take_at_once(them, size):
    """Many contacts in one go, by the ledger alone: as many single takes would end the same, and take an hour."""
    [((kind, ledger), document)] = list(them.store.ledgers.items()) or [((None, None), None)]
    if document is None:
        return False
    asked = lease(msgspec.json.decode(document.data, type=Ledger), them.limit, "another", 0, size)
    if isinstance(asked, Refusal):
        return False
    settled = returned(asked.ledger, "another", asked.block)
    version = them.store.next_version()
    them.store.ledgers[kind, ledger] = type(document)(msgspec.json.encode(settled), version)
    them.under_way.append((None, None, size))
    return True


@settings(deadline=None)
@given(
    limit=st.integers(1, 400),
    failures=st.lists(st.sampled_from(["fine", "fine", "refused", "unknown", "overtaken"]), max_size=80),
    moves=st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=120),
)
def test_commits_of_which_nothing_is_known_give_too_little_rather_than_too_much(limit, failures, moves):
    them = Processes(limit)
    outcomes = iter(failures)
    for _ in range(4):
        them.start()
    overtaking = memory.Allowances(them.store, Counted(), "overtaking", lambda _n: None)

    def overtake():
        them.used += not overtaking.take(them.revision, [EMAIL], NOW).closed

    for process in them.living:  # the only seam between arithmetic and store
        process._ledgers = Failing(process._ledgers, outcomes, overtake)

    for which, contact in moves:
        try:
            if them.take(which):
                them.come_of(-1, contact=contact)
        except TransientError:
            continue
        assert them.used <= limit
    while True:
        try:
            if not them.take(0):
                break
        except TransientError:
            continue
        them.come_of(-1, contact=True)

    assert them.used <= limit


class Failing:
    def __init__(self, ledgers, outcomes, overtake):
        self._ledgers, self._outcomes, self._overtake = ledgers, outcomes, overtake

    def load(self, kind, ledger_id):
        return self._ledgers.load(kind, ledger_id)

    def store(self, kind, ledger_id, ledger):
        outcome = next(self._outcomes, "fine")
        if outcome == "overtaken":
            self._overtake()
        if outcome == "refused":
            raise TransientError("no answer, and nothing was written")
        self._ledgers.store(kind, ledger_id, ledger)
        if outcome == "unknown":
            raise TransientError("no answer, and it was written")


@settings(deadline=None)
@given(pence=st.integers(1, 5000), moves=st.lists(st.integers(0, 3), max_size=60))
def test_a_budget_is_never_overspent_and_what_is_left_of_it_pays_for_no_further_contact(pence, moves):
    revision = limited(Budget(id="daily", pounds=pence / 100, period="day", reason="Spent.", scope=Scope()))
    price = revision.channels["email"].price
    store, spent = memory.Store(), 0
    living = [memory.Allowances(store, Counted(), f"holder-{n}", lambda _n: None) for n in range(4)]
    for which in moves:
        spent += not living[which].take(revision, [EMAIL], NOW).closed
    for process in living:
        while not process.take(revision, [EMAIL], NOW).closed and spent < 2_000:
            spent += 1
        process.close()

    left = pence / 100 - spent * price
    assert left > -1e-9
    assert spent == 2_000 or left < price + pence / 100 / HELD_BACK


SWEPT = st.lists(
    st.tuples(st.sampled_from(["take", "take", "take", "start", "die", "wait", "sweep"]), st.integers(0, 20)),
    max_size=80,
)


class Swept:
    """Processes that take from one ledger while time passes, and whoever sweeps after them."""

    def __init__(self, limit):
        self.revision, self.store, self.now = daily(limit), memory.Store(), NOW
        [rule] = self.revision.catalogue.rules
        self.name, _, self.ends_at = ledger_id(rule, self.revision.catalogue.time_zone, NOW)
        self.living, self.used, self.made = [], 0, 0

    def start(self, _which=0):
        self.made += 1
        self.living.append(memory.Allowances(self.store, Counted(), f"holder-{self.made}", lambda _n: None))

    def take(self, which):
        taken = not self.living[which % len(self.living)].take(self.revision, [EMAIL], self.now).closed
        self.used += taken
        return taken

    def die(self, which):
        self.living.pop(which % len(self.living))

    def wait(self, _which=0):
        if self.now + timedelta(hours=4) < self.ends_at:
            self.now += timedelta(minutes=40)

    def sweep(self, _which=0):
        ledgers = Ledgers(self.store, Counted())
        read = ledgers.load("volume", self.name)
        gone = lapsed(read.value, int((self.now - LAPSED_AFTER).timestamp()))
        if gone:
            ledgers.store("volume", self.name, Versioned(taken_back(read.value, gone, self.used), read.version))


@settings(deadline=None)
@given(limit=st.integers(1, 3000), steps=SWEPT)
def test_what_is_taken_back_of_dead_processes_is_never_given_out_twice(limit, steps):
    them = Swept(limit)
    for step, which in steps:
        if not them.living:
            them.start()
        getattr(them, step)(which)
        assert them.used <= limit

    them.living.clear()
    them.now += timedelta(hours=2)
    them.sweep()
    them.start()
    while them.take(0):
        assert them.used <= limit
    if not any(step == "sweep" for step, _ in steps):
        assert them.used == limit
