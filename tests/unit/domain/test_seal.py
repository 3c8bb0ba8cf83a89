"""Seals: whatever changes, goes or comes after a day was sealed is told apart."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.seal import Entry, Finding, entry, head, sealed, verify

DAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 3, 2, tzinfo=UTC)
KEY = b"k" * 32
ROWS = [entry(f"d-{number}", f"content {number}".encode()) for number in range(5)]


def seals_of(*parts, days=None):
    """Seals made one after another, each of a part of the rows."""
    made, seals = [], []
    for number, rows in enumerate(parts):
        day = days[number] if days else DAY
        known = [each for earlier in made if earlier.seal.day == day for each in earlier.entries]
        made.append(sealed(seals[-1] if seals else None, day, known, rows, NOW, KEY))
        seals.append(made[-1].seal)
    return made


def verified(made, rows, key=KEY):
    return verify(DAY, [each.seal for each in made], [each for each in made if each.seal.day == DAY], rows, key)


def test_a_day_that_is_as_it_was_sealed():
    told = verified(seals_of(ROWS), ROWS)

    assert (told.agrees, told.seals, told.sealed, told.unsealed) == (True, 1, 5, 0)


def test_rows_that_were_told_twice_are_one():
    [made] = seals_of([*ROWS, *ROWS])

    assert made.seal.rows == 5
    assert verified([made], [*ROWS, *ROWS]).agrees


def test_late_rows_wait_for_the_next_seal_and_are_in_it():
    late = entry("d-late", b"late")
    first = seals_of(ROWS)
    assert (verified(first, [late, *ROWS]).agrees, verified(first, [late, *ROWS]).unsealed) == (True, 1)

    made = seals_of(ROWS, [late, *ROWS])

    assert made[1].entries == (late,)
    assert (verified(made, [late, *ROWS]).sealed, verified(made, [late, *ROWS]).unsealed) == (6, 0)


def test_nothing_new_is_no_seal():
    [made] = seals_of(ROWS)

    assert sealed(made.seal, DAY, made.entries, ROWS, NOW, KEY) is None


def test_a_changed_row_and_a_missing_one_are_named():
    changed = entry("d-1", b"something else")
    told = verified(seals_of(ROWS), [ROWS[0], changed, *ROWS[3:]])

    assert told.findings == (
        Finding(kind="changed", seal=1, row_id="d-1"),
        Finding(kind="missing", seal=1, row_id="d-2"),
    )
    assert told.unsealed == 0


@pytest.mark.parametrize(
    ("tampered", "kinds"),
    [
        (lambda made: [made[0], made[2]], {"link"}),
        (lambda made: made[1:], {"link"}),
        (lambda made: [made[0]._replace(entries=made[0].entries[1:]), *made[1:]], {"chain"}),
        (lambda made: [made[0]._replace(entries=made[0].entries[::-1]), *made[1:]], {"chain"}),
        (
            lambda made: [made[0]._replace(seal=msgspec.structs.replace(made[0].seal, rows=1)), *made[1:]],
            {"chain", "signature", "link"},
        ),
    ],
    ids=["a seal is gone", "the first is gone", "an entry is gone", "entries change places", "a seal is changed"],
)
def test_whoever_tampers_with_the_seals_is_found(tampered, kinds):
    rows = [ROWS[:2], ROWS[2:3], ROWS[3:]]
    made = seals_of(*rows, days=[DAY, date(2026, 3, 1), DAY])
    held = [*ROWS[:2], *ROWS[3:]]
    assert verified(made, held).agrees

    assert {finding.kind for finding in verified(tampered(made), held).findings} == kinds


def test_a_chain_made_anew_without_the_key_is_found():
    rows = [ROWS[0], entry("d-1", b"forged"), *ROWS[2:]]
    forged = [sealed(None, DAY, [], rows, NOW, b"guessed")]

    assert [finding.kind for finding in verified(forged, rows).findings] == ["signature"]


entries = st.lists(
    st.builds(Entry, st.sampled_from(["a", "b", "c", "d"]), st.binary(min_size=32, max_size=32)), unique=True
)


@given(entries.filter(len), st.data())
def test_any_other_rows_have_another_head(rows, data):
    other = data.draw(entries.filter(lambda drawn: drawn != rows))
    assert head("", rows) != head("", other) or [e.digest for e in rows] == [e.digest for e in other]
