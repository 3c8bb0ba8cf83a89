"""The port `Allowances`: what volumes and budgets give, to many at once and in one period after the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from shared.domain.contact_policy import Closed
from shared.domain.errors import TransientError
from shared.domain.rules import Budget, Scope, Volume
from shared.ports import NOTHING_TAKEN
from tests.contract.samples import NOW, limited

MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def volume(limit: int, **changes) -> Volume:
    return Volume(**{"id": "daily", "limit": limit, "period": "day", "reason": "Enough for today.", **changes})


def took(allowances, revision, *treatments, at=NOW) -> bool:
    return not allowances.take(revision, treatments or ["isa.email"], at).closed


def test_a_volume_gives_so_many_and_says_when_it_opens_again(documents):
    allowances, revision = documents.new_allowances("one"), limited(volume(3))
    assert allowances.closed(revision, NOW) == {}

    assert [took(allowances, revision) for _ in range(4)] == [True, True, True, False]

    assert allowances.closed(revision, NOW) == {"daily": Closed(opens_at=MIDNIGHT, count=3)}
    assert allowances.take(revision, ["isa.email"], NOW).closed == {"daily": Closed(opens_at=MIDNIGHT, count=3)}
    assert took(allowances, revision, at=MIDNIGHT)


def test_what_falls_under_no_rule_takes_nothing(documents):
    allowances = documents.new_allowances("one")
    texts = limited(volume(1, scope=Scope(channels=("sms",))))

    assert allowances.take(limited(), ["isa.email"], NOW) == NOTHING_TAKEN
    assert allowances.take(texts, ["isa.email"], NOW) == NOTHING_TAKEN
    assert allowances.take(texts, [], NOW) == NOTHING_TAKEN
    assert documents.meter.of(lambda: allowances.closed(texts, NOW)) == (0, 0)


def test_a_contact_is_taken_of_every_rule_or_of_none(documents):
    allowances = documents.new_allowances("one")
    both = limited(volume(2), volume(1, id="texts", scope=Scope(channels=("sms",))))

    assert took(allowances, both, "isa.sms")
    assert not took(allowances, both, "isa.sms")
    assert set(allowances.closed(both, NOW)) == {"texts"}
    assert took(allowances, both, "isa.email")
    assert not took(allowances, both, "isa.email")


def test_several_at_once_are_told_how_many_there_are(documents):
    allowances, revision = documents.new_allowances("one"), limited(volume(2))

    taken = allowances.take(revision, ["isa.email", "isa.sms", "isa.email"], NOW)

    assert taken.closed == {"daily": Closed(opens_at=MIDNIGHT, left=2, count=0)}
    assert took(allowances, revision, "isa.email", "isa.sms")
    assert not took(allowances, revision)


def test_a_budget_is_spent_by_the_prices_of_the_channels(documents):
    allowances = documents.new_allowances("one")
    revision = limited(Budget(id="pennies", pounds=0.06, period="day", reason="Spent."))

    assert took(allowances, revision, "isa.sms")
    refused = allowances.take(revision, ["isa.sms"], NOW)
    assert refused.closed == {"pennies": Closed(opens_at=MIDNIGHT, left=20_000)}
    assert took(allowances, revision, "isa.email", "isa.email")
    assert not took(allowances, revision, "isa.email")


def test_what_contacts_cost_besides_is_told_once_it_counts_and_at_the_end(documents):
    revision = limited(Budget(id="pennies", pounds=4.0, period="day", reason="Spent."))
    sends, delivers, asks = (documents.new_allowances(name) for name in ("sends", "delivers", "asks"))
    assert took(sends, revision, "isa.sms")
    sends.close()
    before = asks.left(revision, NOW)["pennies"].units

    delivers.correct(revision, "isa.sms", NOW, 0.004)
    assert asks.left(revision, NOW)["pennies"].units == before
    delivers.correct(revision, "isa.sms", NOW + timedelta(hours=1), 0.04)
    assert asks.left(revision, NOW)["pennies"].units == before - 44_000
    delivers.correct(revision, "isa.sms", NOW, -0.002)
    delivers.close()

    assert asks.left(revision, NOW)["pennies"].units == before - 42_000


def test_what_is_given_back_is_there_for_others(documents):
    one, other, revision = documents.new_allowances("one"), documents.new_allowances("other"), limited(volume(1))

    taken = one.take(revision, ["isa.email"], NOW)
    assert not took(other, revision)
    one.give_back(taken)

    assert took(other, revision, at=NOW + timedelta(minutes=1))
    assert not took(one, revision)


def test_what_was_used_up_is_asked_after_again_in_a_while(documents):
    allowances, revision = documents.new_allowances("one"), limited(volume(1))
    took(allowances, revision)
    took(allowances, revision)

    assert "daily" in allowances.closed(revision, NOW + timedelta(seconds=29))
    assert allowances.closed(revision, NOW + timedelta(seconds=30)) == {}


def test_a_block_lasts_for_many_contacts_without_a_read_or_a_write(documents):
    allowances, revision = documents.new_allowances("one"), limited(volume(100_000))

    first = documents.meter.of(lambda: took(allowances, revision))
    then = documents.meter.of(lambda: [took(allowances, revision) for _ in range(250)])
    after = documents.meter.of(lambda: took(allowances, revision))

    assert (first, then, after) == ((1, 1), (0, 0), (1, 1))


def test_a_process_that_ends_gives_its_block_back(documents):
    revision = limited(volume(200))
    ending, other = documents.new_allowances("ending"), documents.new_allowances("other")
    assert took(ending, revision)

    ending.close()

    assert sum(took(other, revision) for _ in range(200)) == 199


@pytest.mark.parametrize("limit", [1, 7, 150, 400])
def test_sixteen_threads_in_four_processes_take_what_there_is_and_no_more(documents, limit):
    processes = [documents.new_allowances(f"holder-{n}") for n in range(4)]
    revision = limited(volume(limit))

    def until_refused(number: int) -> int:
        count = 0
        while True:
            try:
                if not took(processes[number % 4], revision):
                    return count
            except TransientError:  # contended too long: a message would be delivered again
                continue
            count += 1

    with ThreadPoolExecutor(16) as pool:
        used = sum(pool.map(until_refused, range(16)))

    assert limit - limit // 100 <= used <= limit


def test_each_period_of_the_bank_s_own_calendar_has_its_own(documents):
    allowances = documents.new_allowances("one")
    hourly = limited(volume(1, period="hour"))
    at = [NOW, NOW + timedelta(minutes=59), NOW + timedelta(minutes=60)]

    assert [took(allowances, hourly, at=each) for each in at] == [True, False, True]
