"""Personal data: found wherever it stands in a payload, and replaced by a keyed hash."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.personal import Scrubber
from tests.unit.domain.situations import cases

KEY = b"k" * 32
HASH = re.compile(r"hmac:[0-9a-f]{16}")


def scrubber(case, key=KEY):
    emails, phones, identifiers = (case.get(kind, ()) for kind in ("emails", "phones", "identifiers"))
    return Scrubber(key, emails=emails, phones=phones, identifiers=identifiers)


@pytest.mark.parametrize("case", cases("personal"))
def test_what_is_personal_is_replaced_and_nothing_else(case):
    kept = scrubber(case).value(case["given"])

    assert json.loads(HASH.sub("#", json.dumps(kept))) == case["kept"]


@pytest.mark.parametrize("case", cases("personal"))
def test_what_was_replaced_is_left_as_it_is(case):
    once = scrubber(case).value({"a": case["given"]})["a"]

    assert scrubber(case).text(json.dumps(once)) == json.dumps(once)


def test_equal_values_have_equal_hashes_and_only_under_one_key():
    given = {"a": "ida@example.org", "b": "to ida@example.org", "c": "bo@example.org"}

    kept = scrubber({}).value(given)

    assert kept["b"] == f"to {kept['a']}"
    assert kept["c"] != kept["a"]
    assert scrubber({}, b"another key").value(given)["a"] != kept["a"]


@given(
    before=st.text(alphabet="ab .,<>()\"'=?&/", max_size=10),
    name=st.from_regex(r"[a-z][a-z0-9._+-]{0,20}", fullmatch=True),
    host=st.from_regex(r"[a-z][a-z0-9]{0,10}\.(org|example|co\.uk)", fullmatch=True),
    at=st.sampled_from(["@", "%40"]),
    after=st.text(alphabet=" ,<>()\"'=?&/", max_size=10),
)
def test_no_address_is_left_whatever_stands_around_it(before, name, host, at, after):
    kept = scrubber({}).value({"x": f"{before} {name}{at}{host}{after}"})["x"]

    assert host not in kept
    assert HASH.search(kept)
