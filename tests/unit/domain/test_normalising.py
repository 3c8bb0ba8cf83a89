"""Times, typed values and paths, as sources write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from cel_expr_python import cel
from hypothesis import given
from hypothesis import strategies as st

from shared.authoring.programs import program_data
from shared.domain.cel import Program
from shared.domain.cel.ends import is_end
from shared.domain.errors import InvalidError
from shared.domain.normalising.coercion import coerced
from shared.domain.normalising.reading import Expression, path, url_path
from shared.domain.normalising.times import event_instant

ITEM = cel.NewEnv(variables={"item": cel.Type.DYN})
HALF_PAST_NINE = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
names = st.sampled_from(["a", "b", "x y", "x-ga-1", "Ünï"])
items = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
steps = st.lists(names | st.integers(0, 2), min_size=1, max_size=4)


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-01T09:30:00Z",
        "2026-03-01T10:30:00+01:00",
        "2026-03-01T10:30:00.000+0100",
        "2026-03-01 09:30:00 UTC",
        "20260301T093000Z",
        1772357400,
        1772357400.0,
        "1772357400",
        1772357400000,
        "1772357400000.0",
        1772357400000000,
        "1772357400000000000",
    ],
)
def test_an_instant_is_the_same_however_it_is_written(written: Any) -> None:
    assert event_instant(written, "at") == HALF_PAST_NINE


@pytest.mark.parametrize(
    ("written", "zone", "at"),
    [
        ("2026-03-01 09:30:00", "UTC", HALF_PAST_NINE),
        ("2026-03-01T09:30", "Europe/London", HALF_PAST_NINE),
        ("2026-07-01T09:30:00.250", "Europe/London", datetime(2026, 7, 1, 8, 30, 0, 250_000, tzinfo=UTC)),
        ("2026-03-01", "UTC", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T10:30:00+01:00", "Asia/Tokyo", HALF_PAST_NINE),
    ],
)
def test_what_has_no_zone_is_in_the_one_that_is_declared(written: str, zone: str, at: datetime) -> None:
    assert event_instant(written, "at", zone=zone) == at


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("2026-03-01T09:30:00", "has no time zone"),
        ("yesterday", "is no time"),
        ("", "is no time"),
        (True, "expected a time"),
        ({}, "expected a time"),
        ("0001-01-01T00:00:00+14:00", "outside the years"),
        (10**30, "outside the years"),
        (float("inf"), "outside the years"),
    ],
)
def test_what_is_no_time_is_refused_by_its_field(written: Any, said: str) -> None:
    with pytest.raises(InvalidError, match=said) as refused:
        event_instant(written, "item.ts")
    assert refused.value.field == "item.ts"


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        ("12.50", "double", 12.5),
        (12, "double", 12.0),
        ("1e400", "double", None),
        ("nan", "double", None),
        (True, "double", None),
        (" 7 ", "int", 7),
        ("7.0", "int", 7),
        (7.5, "int", None),
        (2**63, "int", None),
        (True, "int", None),
        ("Yes", "bool", True),
        (0, "bool", False),
        (2, "bool", None),
        ("maybe", "bool", None),
        (17, "string", "17"),
        ("  ", "string", None),
        ({}, "string", None),
        (1772357400000, "timestamp", "2026-03-01T09:30:00Z"),
        ("2026-03-01", "timestamp", None),
        (["a", 1], "list(string)", ["a", "1"]),
        ("a", "list(string)", ["a"]),
        ([None], "list(string)", None),
    ],
)
def test_a_value_is_brought_to_its_declared_type_or_is_none_of_it(value: Any, kind: Any, wanted: Any) -> None:
    found = coerced(value, kind)
    assert (found, type(found)) == (wanted, type(wanted))


@given(item=st.dictionaries(names, items, max_size=4), keys=steps)
def test_a_path_reads_what_cel_would(item: dict[str, Any], keys: list[str | int]) -> None:
    text = "item" + "".join(f"[{key}]" if isinstance(key, int) else f'["{key}"]' for key in keys)
    assert path(text) == tuple(keys)
    value = Program(program_data(ITEM.compile(text).serialize())).evaluate({"item": item})
    assert Expression(text, {}).run({"item": item}) == (None if is_end(value) else value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("timestamp(item.at)", "2026-03-01T09:30:00Z"),
        ('duration("90s")', "90s"),
        ("[uint(7), 7]", [7, 7]),
        ("{1: item.at}", {"1": "2026-03-01T09:30:00Z"}),
        ("type(item.at)", None),
        ("item.at.size() / 0", None),
        ("item.nothing", None),
    ],
)
def test_what_is_computed_is_json(text: str, value: Any) -> None:
    programs = {text: program_data(ITEM.compile(text).serialize())}
    assert Expression(text, programs).run({"item": {"at": "2026-03-01T09:30:00Z"}}) == value


@pytest.mark.parametrize("text", ["item", "item.", "items.a", "item.a + 1", "item.a()", "item[a]", "item[-1]", "word"])
def test_what_is_more_than_a_path_is_left_to_cel(text: str) -> None:
    assert path(text) is None


@pytest.mark.parametrize(
    ("url", "found"),
    [("https://a.b/c/d?e#f", "/c/d"), ("https://a.b", "/"), ("https://a.b?x=/y", "/"), ("/c?d", "/c?d"), ("", "")],
)
def test_the_path_of_a_url(url: str, found: str) -> None:
    assert url_path(url) == found
