"""What is wrong with a catalogue is found in one go, each problem with its exact place."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml

from shared.authoring import CatalogueError, Problem, build, load, read

CASES = Path(__file__).parent / "authoring_cases"
WRONG = yaml.safe_load((CASES / "problems.yaml").read_text(encoding="utf-8"))


def bank(case=None) -> dict[str, str]:
    """The small bank, as a case changes it."""
    files = read(CASES / "bank")
    if case is None:
        return files
    if "file" in case:
        text = files[case["file"]]
        assert case["replace"] in text
        files[case["file"]] = text.replace(case["replace"], case["by"], 1)
    return files | case.get("add", {})


def problems(files: dict[str, str]) -> list[str]:
    with pytest.raises(CatalogueError) as error:
        build(files)
    return [str(problem) for problem in error.value.problems]


@pytest.mark.parametrize("case", WRONG, ids=[case["case"] for case in WRONG])
def test_each_problem_is_named_with_its_place(case):
    assert problems(bank(case)) == case["problems"]


def test_every_case_has_a_name_of_its_own_and_a_problem():
    assert len({case["case"] for case in WRONG}) == len(WRONG)
    assert all(case["problems"] for case in WRONG)


def test_all_problems_come_at_once_in_the_order_of_the_files():
    files = bank()
    files["actions/red/grow.yaml"] = files["actions/red/grow.yaml"].replace("brand: red", "brand: rod")
    files["bank.yaml"] = files["bank.yaml"].replace("lever: 3", "lever: 30").replace("profile.age", "profile.aeg")
    files["identity.yaml"] = files["identity.yaml"].replace("kind: device", "kind: devise")
    assert problems(files) == [
        "actions/red/grow.yaml:4:12: actions[0].brand: unknown brand rod, did you mean red?",
        "actions/red/grow.yaml:35:12: actions[1].brand: unknown brand rod, did you mean red?",
        "bank.yaml:17:39: issues[0].policy.eligibility[0].when: unknown attribute profile.aeg, did you mean age?",
        "bank.yaml:23:12: groups[0].lever: must be at most 10, is 30",
        "identity.yaml:3:27: namespaces[1].kind: 'devise' is none of device, person, session, did you mean device?",
    ]


def test_two_problems_of_one_expression():
    files = bank()
    files["bank.yaml"] = files["bank.yaml"].replace("profile.age >= 18", "profile.aeg >= 18 && profile.vipp")
    assert [problem.split(": ")[0] for problem in problems(files)] == ["bank.yaml:17:39", "bank.yaml:17:60"]


def test_an_expression_that_is_too_long():
    files = bank()
    files["bank.yaml"] = files["bank.yaml"].replace("profile.age >= 18", "profile.age >= 18" + " || true" * 248)
    assert problems(files) == [
        "bank.yaml:17:31: issues[0].policy.eligibility[0].when: has 2,001 characters, more than 2,000"
    ]
    files["bank.yaml"] = files["bank.yaml"].replace("when: profile.age >= 18", "when: profile.age>= 18")
    build(files)


def test_brackets_within_32_brackets():
    files = bank()
    files["bank.yaml"] = files["bank.yaml"].replace("profile.age >= 18", "(" * 28 + "profile.age >= 18" + ")" * 28)
    build(files)


def test_brackets_in_texts_and_comments_do_not_nest():
    files = bank()
    text = """when: |\n            'profile.x ((((((((((((((((((((((((((((((((((((((((' != "a" // (profile.y action"""
    files["bank.yaml"] = files["bank.yaml"].replace(
        "{name: adult, when: profile.age >= 18, reason: Adults only.}",
        f"name: adult\n          reason: Adults only.\n          {text}",
    )
    build(files)


@pytest.mark.parametrize(
    "text",
    [
        "{{ profile.age }}",
        "{{ profile['age'] }}",
        "{{ profile.balance | default(0) | round(2) }}",
        "{{ (profile.balance | d(0)) * 2 }}",
        "{% if profile.vip %}{{ brand.name }}{% else %}{{ action.name }}{% endif %}",
        "{% if profile.balance is defined %}We know.{% endif %}",
        "{% for hobby in profile.hobbies | default([]) %}{{ loop.index }} {{ hobby | upper }}{% endfor %}",
        "{{ profile.residency | default(brand.name) }}",
        "{# profile.nothing #} Not a { template }.",
        "{% set n = profile.age // 10 %}{{ n }}0 or so",
    ],
)
def test_templates_that_can_be_rendered_for_anyone(text):
    files = bank()
    files["actions/red/grow.yaml"] = files["actions/red/grow.yaml"].replace("Borrow.", repr(text).replace("\\'", "''"))
    files["actions/red/grow.yaml"] = files["actions/red/grow.yaml"].replace("{text:", "{'text':")
    assert build(files).treatments["loan.sms"][1].content == {"text": text}


@pytest.mark.parametrize(
    "when",
    [
        "profile.ends_at - now < duration('720h')",
        "action.id in ['saver', 'loan']",
        "profile.brands.exists(b, b == 'red')",
        "has(signal.properties.amount) && signal.properties.amount >= 5000.0",
        "has(profile.balance) && profile.balance > 0.0 || profile.hobbies.size() > 2",
        "signal.properties.action.brand == 'unknown'",
        "action.risk == 'low' && action.term_months <= 12",
        "has(action.risk) || signal.type == 'survey'",
        "profile.residency.startsWith('u')",
        "profile.residency in ['uk', 'abroad']",
        "'email' in profile.reachable",
    ],
)
def test_conditions_that_are_well_typed(when):
    files = bank()
    files["bank.yaml"] = files["bank.yaml"].replace("when: profile.age >= 18", f'when: "{when}"')
    build(files)


def test_the_reader_in_pure_python_finds_the_same(monkeypatch):
    revision = load(CASES / "bank")
    monkeypatch.setattr(yaml, "__with_libyaml__", False)
    assert load(CASES / "bank").id == revision.id
    worded = [case for case in WRONG if "not YAML" not in str(case["problems"])]
    for case in worded[::3]:  # it takes ten times as long
        assert problems(bank(case)) == case["problems"] or case["case"] == "surrogate"


def test_a_problem_without_a_path_or_a_suggestion():
    problem = Problem(file="bank.yaml", line=1, column=2, path="", message="wrong")
    assert str(problem) == "bank.yaml:1:2: wrong"


def test_no_text_makes_the_build_fail_otherwise_than_by_naming_problems():
    rng = random.Random(7)
    pieces = ["\n", "  ", ": ", "[", "]", "{", "}", "'", '"', "|", ">", "&a ", "*a ", "!x ", "- ", "~", "£", "{{", "}}"]
    pieces += [
        "{%",
        "%}",
        "profile.",
        "action",
        "( ",
        "\t",
        "#",
        "\\",
        "? ",
        "<<: ",
        "@",
        "𝄞",
        "\x00",
        "2027-01-01",
        "-1",
    ]
    good = bank()
    for _ in range(150):
        name = rng.choice(sorted(good))
        text = good[name]
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(pieces) * rng.randrange(2) + text[at + rng.randrange(6) :]
        try:
            build(good | {name: text})
        except CatalogueError as error:
            for problem in error.problems:
                lines = text.split("\n") if problem.file == name else [""] * 1000
                assert 1 <= problem.line <= len(lines) + 1
                assert problem.column >= 1
                assert "Traceback" not in problem.message
