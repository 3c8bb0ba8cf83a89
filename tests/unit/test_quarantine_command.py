"""`kairos quarantine` over a quarantine in memory: everything goes back, and nothing of strangers steers a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from cli import platform, quarantine, stores
from cli.main import kairos
from shared.adapters.memory.quarantine import Quarantine
from shared.adapters.memory.store import Store
from shared.ports import Parked
from tests.unit.test_talking_to_nobody import written

LONG_AGO = datetime(2026, 3, 1, tzinfo=UTC)


def parked(number, **changes):
    told = {
        "id": f"q-{number}",
        "function": "identity",
        "revision": "identity-00001",
        "topic": "signals-received",
        "reason": "no such brand",
        "kind": "permanent",
        "at": LONG_AGO + timedelta(seconds=number),
        "data": str(number).encode(),
    }
    return Parked(**{**told, **changes})


class Letters:
    """Dead letters that wait, on a bus whose function parks again what has an odd number."""

    def __init__(self, store, waiting):
        self.store, self.waiting, self.published = store, waiting, []

    def take_in(self, quarantine, *, now, limit=1000):
        taken, self.waiting = self.waiting[:limit], self.waiting[limit:]
        for number in taken:
            quarantine.park(parked(number, kind="dead_letter", at=now))
        return len(taken)

    def republish(self, topic, data, attributes):
        self.published.append(int(data))
        if int(data) % 2:
            self.store.park(parked(int(data), at=datetime.now(UTC) + timedelta(seconds=1)))


@pytest.fixture
def letters(tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "STATE", tmp_path)
    store = Quarantine(Store())
    letters = Letters(store, waiting=[100, 101, 102])
    monkeypatch.setattr(stores, "quarantine", lambda _platform: store)
    monkeypatch.setattr(stores, "dead_letters", lambda _platform: letters)
    file = written(tmp_path)
    yield letters
    file.remove()


def said(*command):
    return CliRunner().invoke(kairos, ("quarantine", *command))


def test_everything_goes_back_once_with_the_dead_letters_however_much_it_is(letters, monkeypatch):
    monkeypatch.setattr(quarantine, "PAGE", 2)
    monkeypatch.setattr(quarantine, "TAKEN_IN", 2)
    for number in range(5):
        letters.store.park(parked(number))

    answer = said("redrive", "--all")

    assert answer.exit_code == 0, answer.output
    assert letters.published == [0, 1, 2, 3, 4, 100, 101, 102]
    assert {each.data for each in letters.store.list()} == {b"1", b"3", b"101"}


def test_a_list_says_that_there_is_more(letters):
    answer = said("list", "--limit", "2")

    assert len(answer.stdout.splitlines()) == 2
    assert "there are more" in answer.stderr
    assert "more" not in said("list", "--limit", "3").stderr
    assert said("list", "--limit", "0").exit_code == 2


def test_what_strangers_sent_steers_no_terminal(letters):
    letters.store.park(parked(7, data=b'\x1b]0;owned\x07"\xff\n', reason="not a \x1b[2J", attributes={"a": "\x9b1m"}))

    told = said("show", "q-7").stdout + said("list").stdout

    assert not [c for c in told if not c.isprintable() and c != "\n"]
    assert r'\x1b]0;owned\x07"\xff' in told
    assert r"not a \x1b[2J" in told
