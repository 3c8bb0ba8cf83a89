"""Each medium has its own escape, each language its own ways, and links lead through ours or stay as they are."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.catalogue import ContentField
from shared.domain.content import fitting, language_of, render, template
from shared.domain.errors import PermanentError
from shared.domain.linking import linked, offered_links
from shared.domain.links import LinkKey, Links
from shared.domain.localised import LOCALE, TIME_ZONE, locale_of
from shared.domain.plain_text import plain_text
from shared.domain.sms import segments
from tests.fault.world import bank_revision
from tests.unit.domain.situations import person

LINKS = Links([LinkKey(kid="a", key=bytes(32))], "https://l.example")
DELIVERY = "v-" + "1" * 32


def said(text: str, medium: str, locale: str = "en_GB", **values: Any) -> str:
    field = ContentField(medium=medium)  # type: ignore[arg-type]
    rendered = template(text, medium).render({**values, LOCALE: locale, TIME_ZONE: "Europe/London"})  # type: ignore[arg-type]
    return fitting(rendered, field, text)


@given(st.text())
def test_no_value_ends_a_header_leaves_its_host_or_breaks_json(value):
    header = said("Hello {{ v }}!", "header", v=value)
    assert not set(header) & set("\r\n\0\u2028")
    assert said("https://a.example/{{ v }}?x={{ v }}#", "url", v=value[:100]).startswith("https://a.example/")
    assert json.loads(said('{"v": "{{ v }}"}', "json", v=value)) == {"v": value}


@pytest.mark.parametrize(
    ("text", "medium", "words"),
    [
        ("https://a.example.{{ v }}/", "url", "another host"),
        ("{{ v }}", "json", "no JSON"),
        ("http://a.example/{{ v }}", "url", "https"),
    ],
)
def test_what_its_medium_does_not_take_is_refused(text, medium, words):
    with pytest.raises(PermanentError, match=words):
        said(text, medium, v="b")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("ŵ" + "a" * 69, 1),
        ("ŵ" + "a" * 70, 2),
        ("🦊" * 35, 1),
        ("🦊" * 36, 2),
    ],
)
def test_text_messages_are_counted_as_operators_count_them(text, count):
    assert segments(text) == count


def test_a_text_of_more_messages_than_it_may_become_is_not_sent():
    with pytest.raises(PermanentError, match="becomes 3 messages, more than 2"):
        fitting("a" * 400, ContentField(medium="sms", most_segments=2), "")


@pytest.mark.parametrize(
    ("text", "english", "welsh"),
    [
        ("{{ 1234.5 | money }}", "£1,234.50", "£1,234.50"),
        ("{{ 1234.4 | money(pence=false) }}", "£1,234", "£1,234"),
        ("{{ 0.0425 | percent }}", "4.25%", "4.25%"),
        ("{{ '2027-04-05T23:30:00Z' | day }}", "6 April 2027", "6 Ebrill 2027"),
        ("{{ '2027-04-05T23:30:00Z' | clock }}", "00:30", "00:30"),
        ("{{ 'FR' | country }}", "France", "Ffrainc"),
        ("{{ ['a', 'b'] | listing }}", "a and b", "a a(c) b"),
        ("{{ 1234567 | number }}", "1,234,567", "1,234,567"),
    ],
)
def test_money_dates_and_names_are_written_as_the_language_does(text, english, welsh):
    assert said(text, "text") == english
    assert said(text, "text", locale_of("cy", "en-GB")) == welsh


@pytest.mark.parametrize(
    ("who", "locale", "full", "greeted"),
    [
        ({"given": "Ann", "family": "Jones", "title": "Ms"}, "en_GB", "Ann Jones", "Dear Ms Jones"),
        ({"given": " Ann ", "family": "Jones"}, "cy_GB", "Ann Jones", "Annwyl Ann Jones"),
        ({"family": "Jones", "title": "Dr"}, "de_GB", "Jones", "Guten Tag Dr Jones"),
        ({"given": "Ann"}, "en_GB", "Ann", "Dear Ann"),
        ({"title": "Ms"}, "en_GB", "", "Dear customer"),
        ({}, "cy_GB", "", "Annwyl gwsmer"),
        ({"given": "Anna", "family": "Nagy"}, "hu_GB", "Nagy Anna", "Kedves Nagy Anna!"),
        ({"given": "花子", "family": "山田", "title": "Ms"}, "ja_GB", "山田花子", "山田花子 様"),
        ({"given": "花子", "family": "山田"}, "en_GB", "山田花子", "Dear 山田花子"),
        ({"given": "Jón", "family": "Ólafsson"}, "is_GB", "Jón Ólafsson", "Jón Ólafsson"),
        ({}, "is_GB", "", ""),
    ],
)
def test_persons_are_named_and_greeted_by_what_is_known_of_them(who, locale, full, greeted):
    parts = {name: who.get(name, "") for name in ("given", "family", "title")}
    assert said("{{ given | fullname(family) }}", "text", locale, **parts) == full
    assert said("{{ given | greeting(family, title) }}", "text", locale, **parts) == greeted


@pytest.mark.parametrize(
    ("language", "found"), [("cy", "cy"), ("cy-GB", "cy"), ("CY", "cy"), ("fr", None), (None, None), (7, None)]
)
def test_a_person_is_written_to_in_their_language_where_it_is_translated(language, found):
    _, treatment = bank_revision().treatment("northmoor_cash_isa.email")
    assert language_of(treatment, {"language": language}) == found


def test_a_field_that_is_not_translated_is_that_of_the_content():
    bank = bank_revision()
    said = render(bank, *bank.treatment("northmoor_cash_isa.email"), person(language="cy"))
    assert said["subject"].startswith("Cadwch")
    assert said["link"] == "https://www.northmoor.example/savings/cash-isa"


def test_links_lead_through_ours_and_one_click_unsubscribes_from_marketing_alone():
    bank = bank_revision()
    action, treatment = bank.treatment("northmoor_cash_isa.email")
    offered = offered_links(LINKS, DELIVERY, treatment)
    rendered = render(bank, action, treatment, person(), offered)

    content, links = linked(LINKS, DELIVERY, bank.channels["email"], treatment, rendered, offered)

    target = "https://www.northmoor.example/savings/cash-isa"
    assert LINKS.opened("c", content["link"].rpartition("/")[2]) == (DELIVERY, target)
    assert content["link"] in content["body"]
    assert f'href="{target}"' not in content["body"]
    assert content["body"].count(links["pixel"]) == 1
    assert links["list_unsubscribe"] == f"<{links['unsubscribe']}>"
    service = msgspec.structs.replace(treatment, purpose="service")
    assert set(offered_links(LINKS, DELIVERY, service)) == {"pixel"}
    assert offered_links(None, DELIVERY, treatment) == {}


def test_every_mail_of_the_sample_shows_its_link_its_pixel_and_in_marketing_the_way_out():
    bank = bank_revision()
    mails = [(a, t) for a in bank.catalogue.actions for t in a.treatments if t.channel == "email"]
    for action, treatment in mails:
        offered = offered_links(LINKS, DELIVERY, treatment)
        rendered = render(bank, action, treatment, person(tenure_months=30), offered)
        said, links = linked(LINKS, DELIVERY, bank.channels["email"], treatment, rendered, offered)
        shown = {name for name, link in links.items() if link in said["body"]}
        assert shown == {"click", "pixel"} | ({"unsubscribe"} if treatment.purpose == "marketing" else set()), (
            treatment.id
        )
    assert len(mails) > 40


def test_a_link_is_led_through_ours_whatever_its_quotes():
    bank = bank_revision()
    _, treatment = bank.treatment("northmoor_cash_isa.email")
    body = "<A class=x HREF = 'https://www.northmoor.example/a?b=1&amp;c=2'>x</A>"
    said, _ = linked(LINKS, DELIVERY, bank.channels["email"], treatment, {"body": body}, {"pixel": "https://p/"})
    token = said["body"].partition("/c/")[2].partition('"')[0]
    assert LINKS.opened("c", token).target == "https://www.northmoor.example/a?b=1&c=2"


def test_markup_of_many_open_tags_is_read_once():
    bank = bank_revision()
    _, treatment = bank.treatment("northmoor_cash_isa.email")
    body = "<a " * 60_000  # every start looked for its end as far as the last of them: a minute and more
    said, _ = linked(LINKS, DELIVERY, bank.channels["email"], treatment, {"body": body}, {"pixel": "https://p/"})
    assert said["body"].startswith(body)


def test_a_link_that_a_person_could_have_written_stays_as_it_is():
    bank = bank_revision()
    _, treatment = bank.treatment("northmoor_cash_isa.email")
    offered = offered_links(LINKS, DELIVERY, treatment)
    body = f'<a href="https://evil.example/">x</a><a href="{offered["unsubscribe"]}">y</a>'

    content, _ = linked(LINKS, DELIVERY, bank.channels["email"], treatment, {"body": body}, offered)

    assert content["body"].startswith(body)


def test_html_says_the_same_to_those_who_read_plain_text():
    html = "<html><head><title>no</title></head><body><p>A &amp; B,\n  c</p><ul><li>one</li></ul><a href='https://x.example/'>go</a></body></html>"
    assert plain_text(html) == "A & B, c\n\n- one\n\ngo (https://x.example/)\n"
