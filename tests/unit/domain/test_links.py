"""Signed links: what they say, who can make them, and where they may lead."""

from __future__ import annotations

import base64

import pytest

from shared.domain.errors import InvalidError
from shared.domain.links import LinkKey, Links, link_keys

DELIVERY = "v-35c98a421ceae36acd7cb46607a40867"
OLD = LinkKey(kid="a", key=b"a" * 32)
NEW = LinkKey(kid="b", key=b"b" * 32)
TARGET = "https://www.northmoor.example/loans?ref=7"
LINKS = Links([OLD], "https://news.northmoor.example/")


def _token(link: str) -> str:
    return link.rsplit("/", 1)[1].removesuffix(".gif")


def test_a_link_says_its_delivery_and_where_it_leads() -> None:
    click = LINKS.click(DELIVERY, TARGET, written="https://www.northmoor.example/loans?ref={{ profile.age }}")
    assert click.startswith("https://news.northmoor.example/c/")
    assert LINKS.opened("c", _token(click)) == (DELIVERY, TARGET)
    assert LINKS.opened("o", _token(LINKS.pixel(DELIVERY))) == (DELIVERY, "")
    assert LINKS.unsubscribe_headers(DELIVERY) == {
        "List-Unsubscribe": f"<{LINKS.unsubscribe(DELIVERY)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def test_a_key_is_changed_while_links_of_the_old_one_still_lead() -> None:
    before = _token(LINKS.unsubscribe(DELIVERY))
    both = Links([NEW, OLD], "https://news.northmoor.example")
    after = _token(both.unsubscribe(DELIVERY))
    assert after.startswith("b.")
    assert both.opened("u", before) == both.opened("u", after)
    with pytest.raises(InvalidError):
        Links([NEW], "https://news.northmoor.example").opened("u", before)


@pytest.mark.parametrize("place", [0, 2, 10, -1])
def test_a_token_that_was_changed_is_none_of_ours(place: int) -> None:
    token = list(_token(LINKS.click(DELIVERY, TARGET, written=TARGET)))
    token[place] = "Q" if token[place] != "Q" else "R"
    with pytest.raises(InvalidError, match="no link of ours"):
        LINKS.opened("c", "".join(token))


@pytest.mark.parametrize("token", ["", "a", "a..", "a.b.c", "é.b.c", "\udcff.b.c", "a.\udcff.c"])
def test_rubbish_is_no_link_of_ours(token: str) -> None:
    with pytest.raises(InvalidError, match="no link of ours"):
        LINKS.opened("u", token)


def test_a_token_of_one_kind_is_none_of_another() -> None:
    with pytest.raises(InvalidError):
        LINKS.opened("u", _token(LINKS.pixel(DELIVERY)))


@pytest.mark.parametrize(
    ("target", "written"),
    [
        ("https://evil.example/", "https://www.northmoor.example/"),
        ("https://www.northmoor.example.evil.example/", "https://www.northmoor.example{{ profile.city }}/"),
        ("https://evil.example/", "https://{{ profile.city }}/"),
        ("http://www.northmoor.example/", "http://www.northmoor.example/"),
        ("https://www.northmoor.example@evil.example/", "https://www.northmoor.example/"),
        ("https://www.northmoor.example\\@evil.example/", "https://www.northmoor.example/"),
        ("https://www.northmoor.example/\r\nset-cookie: a=b", "https://www.northmoor.example/"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("//evil.example/", "//evil.example/"),
        ("https://www.northmoor.example/" + "a" * 2000, "https://www.northmoor.example/"),
    ],
)
def test_no_link_leads_where_its_template_does_not(target: str, written: str) -> None:
    with pytest.raises(InvalidError, match=r"^link: "):
        LINKS.click(DELIVERY, target, written=written)


def test_keys_are_read_and_nothing_of_wrong_ones_is_told() -> None:
    key = base64.b64encode(b"k" * 32).decode()
    assert link_keys(f'[{{"kid": "a", "key": "{key}"}}]') == (LinkKey(kid="a", key=b"k" * 32),)
    for wrong in ("", "[]", '[{"kid": "a", "key": "c2hvcnQ="}]', f'[{{"kid":"A","key":"{key}"}}]'):
        with pytest.raises(InvalidError) as told:
            link_keys(wrong)
        assert "c2hvcnQ" not in str(told.value)
