"""What templates are compiled by: whatever one says and reads, no piece of it takes long or becomes large."""

from __future__ import annotations

import pytest
from jinja2 import TemplateError

from shared.domain.content import template
from shared.domain.localised import LOCALE, TIME_ZONE

LONG = 60_000
SEEN = {
    "profile": {
        "text": "a" * LONG,
        "other": "a" * LONG,
        "emoji": "\U0001f600" * 16_000,
        "tags": ["a"] * 20_000,
        "number": 9 * 10**17,
    },
    "brand": {"name": "Oak"},
    LOCALE: "en_GB",
    TIME_ZONE: "UTC",
}
READS = "profile.text in profile.other"
HOSTILE = {
    "{{ profile.text | join(profile.other) }}": "an argument of join",
    "{{ profile.text | join('abcdefgh') }}": "join makes 100000",
    "{{ profile.tags | listing }}": "listing takes 1000",
    "{{ 1.5 | round(1000000000, 'ceil') }}": "an argument of round",
    "{{ profile.text | trim(profile.other) }}": "an argument of trim",
    "{{ 'a' | truncate(1000000000) }}": "an argument of truncate",
    "{{ 0.1 | percent(1000000000) }}": "an argument of percent",
    "{{ 1 | money(profile.text) }}": "an argument of money",
    "{{ profile.emoji | urlencode | urlencode | urlencode }}": "urlencode takes 100000",
    "{{ (profile.text ~ profile.other) | upper }}": "~ makes 100000",
    "{{ profile.text + profile.other }}": "+ makes more than 100000",
    "{{ profile.text * 1000000000 }}": "* takes two numbers",
    "{{ profile.tags * 1000000000 }}": "* takes two numbers",
    "{{ '%1000000000d' % 1 }}": "% takes two numbers",
    "{{ profile.number * profile.number }}": "too large",
    "{{ 2 ** 1000000000 }}": "cannot use **",
    "{% for a in profile.tags %}{% if profile.text == a %}{% endif %}{% endfor %}": "10000 turns",
    "{% for a in [1] %}{% for b in [1] %}{% endfor %}{% endfor %}": "loop once",
    "{% for a in range(1000000000) %}{% endfor %}": "cannot use a call",
    "{{ 'a'.center(1000000000) }}": "cannot use a call",
    "{{ '{:>1000000000}'.format(1) }}": "cannot use a call",
    "{{ lipsum(1000000000) }}": "cannot use a call",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}": "cannot use macro",
    "{% filter upper %}{% for a in profile.tags %}aaaa{% endfor %}{% endfilter %}": "cannot use a block of filter",
    "{% set a %}x{% endset %}{{ a }}": "cannot use a block of set",
    "{% set a = profile.text ~ 'a' %}{% set b = a ~ a %}{{ b }}": "no other that was set",
    "{{ [" + "profile.text, " * 1000 + "] }}": "what is written has 100000",
    "{{ [" + "profile.text, " * 1000 + "] | string }}": "string takes 100000",
    "{{ [" + "profile.text, " * 1000 + "] | e }}": "e takes 100000",
    "{{ {'a': profile.text, 'b': profile.text} | string }}": "string takes 100000",
    "{{ [" + "profile.text, " * 1000 + "] ~ 'a' }}": "~ makes 100000",
    "{{ 'a' | join([" + "profile.text, " * 1000 + "]) }}": "an argument of join",
    "{{ [" + "profile.tags, " * 1000 + "] | sum(start=[]) }}": "sum takes 100000",
    "{{ [profile.tags] | sum(start=[]) }}": "sum adds numbers",
    "".join("{% if " + READS + " %}{% endif %}" for _ in range(2000)): "5000 parts",
    **{
        "{{ brand.name | " + grows + " }}": "No filter named"
        for grows in (
            "center(1000000000)",
            "indent(1000000000)",
            "format(1)",
            "replace('', profile.text)",
            "wordwrap(1)",
            "batch(1000000000, 1)",
            "slice(1000000000)",
            "groupby(0)",
            "map('upper')",
            "select",
            "pprint",
            "tojson(1000000000)",
            "urlize",
            "xmlattr",
            "attr('upper')",
            "random",
            "safe",
        )
    },
}


@pytest.mark.parametrize(("text", "said"), HOSTILE.items(), ids=[text[:40] for text in HOSTILE])
def test_what_could_take_long_or_grow_is_given_up(text, said):
    with pytest.raises(TemplateError, match=r".*") as given_up:
        template(text, "text").render(SEEN)

    assert said in str(given_up.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ profile.tags[:3] | listing }}", "a, a and a"),
        ("{{ profile.tags[:3] | reverse | unique | join('-') }}", "a"),
        ("{% for a in profile.tags[:2] %}{{ loop.index }}/{{ loop.length }} {% endfor %}", "1/2 2/2 "),
        ("{% for a in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% for a in [1, 2, 3] if a > 1 %}{{ a }}{% if not loop.last %}, {% endif %}{% endfor %}", "2, 3"),
        ("{% set a = brand.name ~ '!' %}{{ a | upper }}", "OAK!"),
        ("{{ 7 * 6 + 100 % 30 }}", "52"),
        ("{{ 'a' + 'b' }}{{ ([1] + [2]) | sum }}", "ab3"),
        ("{{ brand.name ~ ' & ' ~ 2 ~ [1] }}", "Oak & 2[1]"),
        ("{{ 2.345 | round(2) }} {{ ' a ' | trim }} {{ 'a b' | title }}", "2.35 a A B"),
    ],
)
def test_what_is_small_is_as_it_was(text, said):
    assert template(text, "text").render(SEEN) == said
