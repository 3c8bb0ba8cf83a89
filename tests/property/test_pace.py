"""The pace of a channel is kept whoever books, waits, gives back, dies, fails or comes late."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.adapters import memory
from shared.adapters.known_paces import Timing
from shared.adapters.memory.paces import SharedPaces
from shared.domain.catalogue import Breaker, SendRate
from shared.domain.errors import TransientError
from shared.domain.pace import PROBE_LEASE, RANKS, Pace, opened, pause, probed, probing, unprobed
from shared.ports import NotNow
from tests.contract.samples import Counted, channel, delivery

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
RATES = st.builds(
    SendRate,
    limit=st.integers(1, 200),
    per=st.sampled_from(["second", "minute"]),
    burst=st.none() | st.integers(1, 60),
)
BREAKER = Breaker(failures=3, pause="10s")


class Instances:
    """Instances of delivery, with a clock of their own making; what they send is noted."""

    def __init__(self, number, **declared):
        self.now, self.store = NOW, memory.Store()
        self.channel = channel(**declared)
        self.meter = Counted()
        self.living = [self.new() for _ in range(number)]
        self.sent: list[datetime] = []
        self.made = 0

    def new(self):
        # a message that waits for its slot does so beside the others: the clock stands still for it
        timing = Timing(lambda: self.now, lambda _at: None, lambda _n: None)
        return memory.Paces(self.store, self.meter, timing, lambda _said, **_fields: None)

    def message(self, purpose="marketing", state="reserved"):
        self.made += 1
        return delivery(self.made, purpose=purpose, state=state)

    def send(self, which, purpose="marketing", state="reserved"):
        turn = self.living[which % len(self.living)].turn(self.channel, self.message(purpose, state))
        if not isinstance(turn, NotNow):
            self.sent.append(max(self.now, turn.at))
        return turn


STEPS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(sorted(RANKS)),
        st.sampled_from(["reserved", "deferred"]),
        st.sampled_from([0, 0, 0, 0.01, 0.3, 1, 7, 60]),
        st.sampled_from(["send", "send", "send", "give back", "die"]),
    ),
    max_size=80,
)


@settings(deadline=None, max_examples=60)
@given(rate=RATES, steps=STEPS)
def test_in_no_stretch_of_time_more_is_sent_than_its_part_of_the_limit_and_once_the_burst(rate, steps):
    them = Instances(4, rate_limit=rate)
    for which, purpose, state, passes, ending in steps:
        if ending == "die":
            them.living[which] = them.new()
        instance, of = them.living[which], them.message(purpose, state)
        turn = instance.turn(them.channel, of)
        if not isinstance(turn, NotNow):
            if ending == "give back":
                instance.give_back(them.channel, of, turn)
            else:
                them.sent.append(max(them.now, turn.at))
        them.now += timedelta(seconds=passes)

    times = sorted(them.sent)
    for n, begin in enumerate(times):
        for m in range(n, len(times)):
            allowed = (times[m] - begin).total_seconds() * rate.per_second + rate.at_once
            assert m - n + 1 <= allowed + 1e-3


@settings(deadline=None, max_examples=20)
@given(rate=RATES)
def test_where_there_is_demand_all_of_the_limit_is_used(rate):
    them = Instances(3, rate_limit=rate)
    step = timedelta(seconds=max(0.5, 0.4 / rate.per_second))
    until = NOW + 40 * step
    while them.now < until:
        for which in range(3):
            while not isinstance(them.send(which), NotNow):
                pass
        them.now += step

    sent = bisect_left(sorted(them.sent), until)
    assert sent >= 0.9 * (until - NOW).total_seconds() * rate.per_second - rate.at_once / 2 - 3


@settings(deadline=None, max_examples=30)
@given(limit=st.integers(2, 50), crowd=st.integers(1, 80))
def test_where_marketing_finds_nothing_the_others_do(limit, crowd):
    them = Instances(2, rate_limit=SendRate(limit=limit, burst=1))
    for _ in range(limit * 2 + crowd):
        them.send(0)

    assert isinstance(them.send(1), NotNow)
    assert not isinstance(them.send(1, "service"), NotNow)
    assert not isinstance(them.send(0, "regulatory"), NotNow)


@settings(max_examples=30)
@given(limit=st.integers(1, 50), first=st.sampled_from(sorted(RANKS)), then=st.sampled_from(sorted(RANKS)))
def test_places_in_the_queue_come_in_order_and_nobody_is_put_before_who_goes_first(limit, first, then):
    them = Instances(1, rate_limit=SendRate(limit=limit, burst=1))

    def place(purpose):
        while not isinstance(turn := them.send(0, purpose), NotNow):
            pass
        return turn.until

    places = [place(first) for _ in range(20)]
    assert places == sorted(set(places))
    assert all(at > them.now for at in places)
    if RANKS[then] > RANKS[first]:
        assert place(then) > places[-1]


@settings(deadline=None, max_examples=60)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["open", "open late", "probe", "well", "ill", "give up", "late well", "late ill"]),
            st.integers(0, 60),
        ),
        max_size=80,
    )
)
def test_one_message_at_a_time_tries_and_late_news_changes_nothing(steps):
    pace, now = Pace(), NOW
    trying: list[tuple[str, datetime]] = []
    for n, (step, passes) in enumerate(steps):
        now += timedelta(seconds=passes)
        was = pace
        mine = trying[-1][0] if trying else "nobody"
        if step == "open":
            pace = opened(pace, BREAKER, pace.epoch, now)
            assert pace.failed
        elif step == "open late":
            pace = opened(pace, BREAKER, pace.epoch - 1, now)
            assert pace == was
        elif step == "probe":
            found = probing(pace, f"v-{n}", now)
            if found is not None:
                assert was.failed
                assert not trying or was.probe == "" or now >= trying[-1][1] + PROBE_LEASE
                pace = found
                trying.append((f"v-{n}", now))
        elif step == "give up":
            pace = unprobed(pace, mine, now)
        elif step in ("late well", "late ill") and len(trying) > 1:
            pace = probed(pace, trying[-2][0], BREAKER, now, well=step == "late well")
            assert pace == was
        elif step in ("well", "ill"):
            pace = probed(pace, mine, BREAKER, now, well=step == "well")
            if was.failed and was.probe == mine:
                assert bool(pace.failed) == (step == "ill")
                assert pace.failed == 0 or pace.probe_at == now + pause(BREAKER, pace.failed)
            again = probed(pace, mine, BREAKER, now, well=step == "well")
            assert again == pace, "told twice is told once"
        assert pace.epoch >= was.epoch


@settings(max_examples=20)
@given(instances=st.integers(1, 6), failures=st.integers(2, 6))
def test_two_that_open_it_at_once_open_it_once(instances, failures):
    them = Instances(instances, breaker=Breaker(failures=failures, pause="10s"))
    for instance in them.living:
        instance.turn(them.channel, them.message())
    for instance in them.living:
        for _ in range(failures):
            message = them.message()
            turn = instance.turn(them.channel, message)
            if isinstance(turn, NotNow):
                break
            instance.failed(them.channel, message, turn, TransientError("500"))
    pace = SharedPaces(them.store, them.meter).load("email").value

    assert (pace.epoch, pace.failed, pace.probe_at) == (1, 1, NOW + timedelta(seconds=10))
