"""Content: what a customer reads, escaped for its medium, or a reason why it cannot be said."""

from __future__ import annotations

import re
from html import unescape

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.content import render, template
from shared.domain.errors import PermanentError
from tests.corpus.tree_bank import revision
from tests.unit.domain.situations import cases, person

ON_MEDIUM = {"html": "saver.email", "text": "saver.sms"}


def rendered(text, *, field="body", medium="html", profile=None):
    bank = revision()
    action, treatment = bank.treatment(ON_MEDIUM[medium])
    return render(bank, action, msgspec.structs.replace(treatment, content={field: text}), person(**profile or {}))[
        field
    ]


def said(case):
    return rendered(case["template"], **{key: case[key] for key in ("field", "medium", "profile") if key in case})


@pytest.mark.parametrize("case", [each for each in cases("content") if "reads" in each.values[0]])
def test_what_a_customer_reads(case):
    assert said(case) == case["reads"]


@pytest.mark.parametrize("case", [each for each in cases("content") if "refused" in each.values[0]])
def test_what_cannot_be_said_is_refused_for_good_by_treatment_and_field(case):
    with pytest.raises(PermanentError, match=re.escape(case["refused"])) as refused:
        said(case)

    assert "content 'body' of saver.email" in str(refused.value)


def test_every_field_of_the_content_is_rendered():
    bank = revision()

    content = render(bank, *bank.treatment("saver.email"), person(first_name="Ida"))

    assert content == {"subject": "Ida & your savings", "body": "<p>Dear Ida, open a saver at Oak Bank.</p>"}


@given(st.text())
def test_no_value_adds_markup(value):
    inner = template("{{ v }}", "html").render(v=value)

    assert not set(inner) & set("<>\"'")
    assert unescape(inner) == value
