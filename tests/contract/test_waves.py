"""Waves, their pages and persons, and what the history says became of their signals: the same on every platform."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.adapters.memory.waves import WaveHistory as InMemory
from shared.domain.errors import AlreadyExistsError, InvalidError, NotFoundError, StaleError, TransientError
from shared.domain.outbound.wave import OutboundWave, Page, Plan, Reconciled
from shared.messages import HistoryRow
from shared.ports import Left, Versioned
from shared.ports.waves import Query
from tests.contract.conftest import ON_EMULATORS
from tests.contract.samples import NOW, contact, create, delivery, limited, profile
from tests.contract.test_allowances import MIDNIGHT, took, volume
from tests.contract.test_contacts_together import FIRST, SECOND, regroup, reserve
from tests.contract.test_decision_history import bigquery_host, in_bigquery  # noqa: F401 - a fixture

HOUR = timedelta(hours=1)


def wave(name="w-1", at=NOW, **changes):
    return OutboundWave(**{"id": name, "audience": "savers", "by": "local", "begun_at": at, "seen_at": at, **changes})


# Waves and pages


def test_a_wave_is_kept_once_and_written_by_whoever_read_it_last(documents):
    waves = documents.waves
    waves.create(wave())
    with pytest.raises(AlreadyExistsError):
        waves.create(wave())
    assert waves.get("w-2") is None

    read = waves.get("w-1")
    assert read.value == wave()
    plan = Plan(revision="sha256:1", channels=("email", "sms"), limited={"sms": (10, 2)}, prices={"sms": 0.5})
    full = wave(plan=plan, sent=2, parameters={"group": "savings"}, next_at=NOW, reconciled=Reconciled(accepted=2))
    waves.update(Versioned(full, read.version))
    assert waves.get("w-1").value == full
    with pytest.raises(StaleError):
        waves.update(read)
    bare = msgspec.structs.replace(full, plan=None, next_at=None, parameters={})
    waves.update(Versioned(bare, waves.get("w-1").version))
    assert waves.get("w-1").value == bare


def test_the_waves_begun_last_come_first(documents):
    for number, audience in enumerate(("savers", "all", "savers")):
        documents.waves.create(wave(f"w-{number}", NOW + number * HOUR, audience=audience))

    assert [each.id for each in documents.waves.latest(2)] == ["w-2", "w-1"]
    assert [each.id for each in documents.waves.latest(5, "savers")] == ["w-2", "w-0"]


def test_pages_are_read_by_number_until_they_are_forgotten(documents):
    waves = documents.waves
    pages = {n: Page(person_ids=(f"p-{n}",), worth=bytes([n] * 8), decided=b"\xff", channels=b"\x00") for n in range(3)}
    waves.put_pages("w-1", pages)
    waves.put_pages("w-1", {1: pages[2]})

    assert list(waves.pages("w-1", 0, 3)) == [pages[0], pages[2], pages[2]]
    assert list(waves.pages("w-1", 1, 9)) == [pages[2], pages[2]]
    assert list(waves.pages("w-2", 0, 3)) == []
    waves.put_pages("w-2", {0: pages[0], 2: pages[2]})
    with pytest.raises(TransientError):
        waves.pages("w-2", 0, 3)
    waves.forget_pages("w-1", 3)
    assert list(waves.pages("w-1", 0, 3)) == []


def test_members_are_found_in_order_some_at_a_time(documents):
    for number in (3, 1, 2):
        create(documents.persons, profile(f"p-{number}", audiences=("savers", "others")))
    create(documents.persons, profile("p-4", audiences=("others",)))

    assert list(documents.members.carrying("savers", "", 2)) == ["p-1", "p-2"]
    assert list(documents.members.carrying("savers", "p-2", 2)) == ["p-3"]
    assert list(documents.members.carrying("nobody", "", 2)) == []


# What a plan reads of many at once


def test_profiles_are_read_together_as_they_are_read_alone(documents):
    for number in (1, 2):
        create(documents.persons, profile(f"p-{number}"))

    found = documents.persons.profiles(["p-1", "p-2", "p-3", "p-1"])

    assert found == {each: documents.persons.profile(each).value for each in ("p-1", "p-2")}
    assert documents.meter.of(lambda: documents.persons.profiles(["p-1", "p-3"])) == (2, 0)
    assert documents.persons.profiles([]) == {}


def test_histories_are_read_together_as_they_are_read_alone(documents):
    reserve(documents, FIRST)
    reserve(documents, SECOND)
    other = delivery(9, person_id="p-9")
    documents.contacts.reserve("p-9", None, [contact(other)])
    regroup(documents, {"p-1": ["p-2"]})

    found = documents.contacts.histories(["p-1", "p-2", "p-9", "p-0"])

    assert found == {each: documents.contacts.history(each).value for each in ("p-1", "p-2", "p-9", "p-0")}
    assert set(found["p-2"].contacts) == {FIRST.delivery_id, SECOND.delivery_id}


def test_what_volumes_have_left_is_told_without_taking(documents):
    allowances, other = documents.new_allowances("one"), documents.new_allowances("two")
    revision = limited(volume(3))
    assert took(allowances, revision)

    assert other.left(revision, NOW) == {"daily": Left(2, MIDNIGHT)}
    assert other.left(revision, MIDNIGHT) == {"daily": Left(3, MIDNIGHT + 24 * HOUR)}
    assert documents.meter.of(lambda: other.left(revision, NOW)) == (1, 0)


# What became of signals


@pytest.fixture(params=["memory", pytest.param("bigquery", marks=ON_EMULATORS)])
def told(request, project):
    """Gives the port `WaveHistory` over some rows."""

    def of(*rows):
        if request.param == "memory":
            history = memory.DecisionHistory(memory.new_sealer(memory.Store()))
            for row in rows:
                history.deliver(*envelope(row))
            return InMemory(history)
        from shared.adapters.audiences import WaveHistory  # noqa: PLC0415 - slow, not always there

        histories = in_bigquery(request.getfixturevalue("bigquery_host"), project)
        for row in rows:
            histories.put(row)
        return WaveHistory(project)

    return of


def row(decision, outcome="reserved", kind="decision", at=NOW, **changes):
    return HistoryRow(row_id=decision, kind=kind, occurred_at=at, decision_id=decision, outcome=outcome, **changes)


def test_signals_are_tallied_once_each_however_often_they_are_told(told):
    history = told(
        row("d-1", channel="sms", action="saver"),
        row("d-1", channel="sms", action="saver", repeated=True),
        row("d-2", "all_withheld"),
        row("d-3", "no_trigger", "signal"),
        row("d-4", channel="email", action="saver"),
        HistoryRow(row_id="o-1", kind="outcome", occurred_at=NOW, decision_id="d-6", outcome="sent"),
        row("d-7", at=NOW - 48 * HOUR),
        row("d-8", channel="email", action="isa"),
    )

    found, untold = history.tally([f"d-{n}" for n in range(1, 8)], NOW - HOUR, NOW + HOUR)

    assert found == Reconciled(
        decided=3,
        ended={"no_trigger": 1},
        outcomes={"reserved": 2, "all_withheld": 1},
        channels={"email": 1, "sms": 1},
        actions={"saver": 2},
    )
    assert untold == {"d-5", "d-6", "d-7"}


# Audiences: only BigQuery reads SQL


@pytest.fixture
def audiences(request, project):
    from shared.adapters.audiences import Audiences  # noqa: PLC0415 - slow, not always there

    histories = in_bigquery(request.getfixturevalue("bigquery_host"), project)
    for number in (2, 1, 3):
        for again in range(2):
            histories.put(row(f"d-{number}-{again}", person_id=f"p-{number}", action="isa", propensity=number / 4))
    histories.put(row("d-9", person_id="p-9", action="isa", at=NOW - 48 * HOUR))
    histories.put(row("d-0", action="isa"))
    return Audiences(project)


SQL = (
    "SELECT person_id FROM {history} WHERE occurred_at >= @since AND occurred_at < @until "
    "AND action = @action AND (NOT @sure OR propensity > @least)"
)
GIVEN = {"since": NOW - HOUR, "until": NOW + HOUR, "action": "isa", "sure": False, "least": 0.3}


@ON_EMULATORS
def test_an_audience_is_found_once_and_read_from_any_place(audiences):
    assert audiences.estimate(Query(SQL, GIVEN)) is None, "the emulator says nothing of bytes"
    assert audiences.find("job-1", Query(SQL, GIVEN), 10**9) == 3
    assert audiences.find("job-1", Query(SQL, {**GIVEN, "action": "none"}), 10**9) == 3, "what the job found before"
    assert audiences.find("job-2", Query(SQL, {**GIVEN, "sure": True}), 10**9) == 2

    assert list(audiences.found("job-1", 0, 2)) == ["p-1", "p-2"]
    assert list(audiences.found("job-1", 2, 2)) == ["p-3"]
    assert list(audiences.found("job-1", 3, 2)) == []


@ON_EMULATORS
def test_what_is_no_query_and_a_job_that_is_not_there_are_said(audiences):
    with pytest.raises(InvalidError, match="BigQuery"):
        audiences.find("job-3", Query(SQL.replace("action =", "acton ="), GIVEN), 10**9)
    with pytest.raises(NotFoundError):
        audiences.found("job-9", 0, 2)
