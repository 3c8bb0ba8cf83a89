"""Every workflow is one that Google Cloud would deploy; a broken one is refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulators.workflows.language.linting import lint

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / "workflows").glob("*.yaml"))
OUTBOUND = next(path for path in WORKFLOWS if path.name == "outbound.yaml").read_text()
RETRY = OUTBOUND[OUTBOUND.index("        retry:") : OUTBOUND.index("    - new_batch")]


def said(source: str) -> list[str]:
    [found] = lint({"outbound.yaml": source})
    return [str(each) for each in found.problems]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_deployable_and_nothing_in_it_looks_wrong(path):
    assert said(path.read_text()) == []


BROKEN = {
    "a step of an unknown kind": (
        "    - new_batch:\n        assign:",
        "    - new_batch:\n        set:",
        "knows no `set`",
    ),
    "a jump to nowhere": ("next: place_cursor", "next: place_courser", "did you mean place_cursor"),
    "a jump out of a loop's sight": ("next: continue", "next: finish", "no step finish"),
    "continue outside a loop": ("next: place_cursor", "next: continue", "continue stands in no loop"),
    "a variable that nothing sets": ("${pages + 1}", "${page_count + 1}", "page_count is no variable here"),
    "a loop's variable outside the loop": ("after: ${last}", "after: ${person}", "person is no variable here"),
    "a function that does not exist": ("list.concat(", "list.append(", "no function or subworkflow list.append"),
    "a call that does not exist": ("call: http.post", "call: http.send", "no function or subworkflow http.send"),
    "a subworkflow that does not exist": ("call: sys.log", "call: log_it", "no function or subworkflow log_it"),
    "a header set that HTTP calls do not take": ("            headers:", "            header:", "mean headers"),
    "an unknown kind of authentication": ("type: OIDC", "type: Basic", "the type of auth is one of OIDC, OAuth2"),
    "a retry without a limit": ("          max_retries: 8\n", "", "a retry has a max_retries"),
    "a try without retry or except": (RETRY, "", "a try has a retry, an except, or both"),
    "a misspelt severity": ("severity: WARNING", "severity: WARN", "severity 'WARN' is none of"),
    "two steps of one name": ("    - finish_part:", "    - count:", "two steps are called count"),
    "text mixed with an expression": ('${wave + "-" + person}', "wave ${person}", "an expression stands alone"),
    "an expression that is too long": ("${pages + 1}", "${pages" + " + 1" * 100 + "}", "400 characters"),
    "too many assignments": ("          - signals: []\n", "          - signals: []\n" * 50, "at most 50 assignments"),
    "a source that is too long": ("main:", "#" * 131_072 + "\nmain:", "at most 128 KB"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_workflow_is_refused(case):
    before, after, expected = BROKEN[case]
    assert before in OUTBOUND
    found = said(OUTBOUND.replace(before, after))
    assert any(expected in problem for problem in found), found
