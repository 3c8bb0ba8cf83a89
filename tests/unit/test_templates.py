"""What a template may not do, whoever approved it: grow without end, or put a value where no escape holds it."""

from __future__ import annotations

import pytest

from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.authoring.templates import Templates
from shared.domain.catalogue import Attribute, ContentField


def noted(text: str, medium: str = "html") -> list[str]:
    problems = Problems()
    schema = {"region": Attribute(type="string", required=True)}
    Templates(schema, problems).check(text, Place.start("a.yaml"), ContentField(medium=medium), ("image",))  # type: ignore[arg-type]
    return [problem.message for problem in problems.found]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ brand.name * 1000000000 }}", "* takes two numbers"),
        ("{{ '%1000000000d' % 1 }}", "% takes two numbers"),
        ("{{ brand.name | center(1000000000) }}", "unknown filter center"),
        ("{{ brand.name | random }}", "unknown filter random"),
        ("{{ brand.name | join('ab') | join('ab') }}", "put together before"),
        ("{% for a in 'ab' %}{% for b in 'ab' %}x{% endfor %}{% endfor %}", "loop once"),
        ("{% set a = brand.name %}{% set b = a ~ a %}{{ b }}", "no other that was set"),
        ("{% set a %}x{% endset %}{{ a }}", "a block of set"),
        ("{% if brand.name %}" * 200 + "{% endif %}" * 200, "too many levels"),
        ("{% if " + "brand.name or " * 220 + "brand.id %}{% endif %}", "too many nested"),
        ("{{ [brand.name] | sum(start=[]) }}", "sum adds numbers"),
        ("{% with a = brand.name %}{{ a }}{% endwith %}", "cannot use with"),
    ],
)
def test_no_template_grows_without_end(text, said):
    assert [said in each for each in noted(text, "text")] == [True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<p class={{ brand.name }}>x</p>", "within the quotes"),
        ('<p {{ brand.name }}="x">y</p>', "within the quotes"),
        ("<{{ brand.name }}>", "within the quotes"),
        ("<p onclick=\"a('{{ brand.name }}')\">x</p>", "a value in onclick"),
        ("<p style='color: {{ profile.region }}'>x</p>", "a value in style"),
        ("<style>p {color: {{ profile.region }}}</style>", "a script or a style"),
        ("<script>{{ profile.region }}", "a script or a style"),
        ("<a href='{{ profile.region }}'>x</a>", "names its host"),
        ("<a href='https://{{ profile.region }}.example/'>x</a>", "names its host"),
        ("<p title='{{ profile.region }}", "within the quotes"),
        ("<!--><a href='{{ profile.region }}'>x</a><!-- -->", "names its host"),
        ("<a href='{{ links.unsubscribe | default(profile.region) }}'>x</a>", "names its host"),
        ("<meta http-equiv='refresh' content='0;url={{ profile.region }}'>", "names its host"),
        ("<a href='https://a.example/?b={{ profile.region }}'>x</a>", "needs the filter urlencode"),
    ],
)
def test_no_value_stands_where_its_escape_does_not_hold(text, said):
    assert [said in each for each in noted(text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "<p>1 < {{ profile.region }}</p><!-- {{ brand.name }} --><p title='{{ brand.name }}'>x</p>",
        "<a href=\"{{ links.unsubscribe | default('https://a.example/') }}\">x</a>",
        "<img src='{{ fragment.image | default(\"https://a.example/i.png\") }}'>",
        "<a href='https://a.example/{{ profile.region | urlencode }}'>x</a><a href='mailto:a@b.example'>y</a>",
        "{% if brand.name %}<b>{{ '}}' }}</b>{% endif %}{% set n = profile.region %}{{ n | upper }}{{ 2 * 3 % 4 }}",
    ],
)
def test_what_is_safe_is_let_through(text):
    assert noted(text) == []
