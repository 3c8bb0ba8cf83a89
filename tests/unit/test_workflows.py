"""Every workflow is one that Google Cloud would deploy; a broken one is refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from emulators.workflows.language.linting import lint

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / "workflows").glob("*.yaml"))
OUTBOUND = next(path for path in WORKFLOWS if path.name == "outbound.yaml").read_text()
RETRY = OUTBOUND[OUTBOUND.index("        retry:") : OUTBOUND.index("    - give")]


def said(source: str) -> list[str]:
    [found] = lint({"outbound.yaml": source})
    return [str(each) for each in found.problems]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_deployable_and_nothing_in_it_looks_wrong(path):
    assert said(path.read_text()) == []


BROKEN = {
    "a step of an unknown kind": (
        "    - nothing_taken_yet:\n        assign:",
        "    - nothing_taken_yet:\n        set:",
        "knows no `set`",
    ),
    "a jump to nowhere": ("next: next_page", "next: next_paeg", "did you mean next_page"),
    "a jump out of a loop's sight": (
        "- asked[name]: ${args[name]}",
        "- asked[name]: ${args[name]}\n                    next: finish",
        "no step finish",
    ),
    "continue outside a loop": ("next: next_page", "next: continue", "continue stands in no loop"),
    "a variable that nothing sets": ("${tries + 1}", "${try_count + 1}", "try_count is no variable here"),
    "a loop's variable outside the loop": ("page: ${step.page}", "page: ${name}", "name is no variable here"),
    "a function that does not exist": ("len(taken", "list.length(taken", "no function or subworkflow list.length"),
    "a call that does not exist": ("call: http.post", "call: http.send", "no function or subworkflow http.send"),
    "a subworkflow that does not exist": ("call: sys.log", "call: log_it", "no function or subworkflow log_it"),
    "a header set that HTTP calls do not take": ("            headers:", "            header:", "mean headers"),
    "an unknown kind of authentication": ("type: OIDC", "type: Basic", "the type of auth is one of OIDC, OAuth2"),
    "a retry without a limit": ("          max_retries: 8\n", "", "a retry has a max_retries"),
    "a try without retry or except": (RETRY, "", "a try has a retry, an except, or both"),
    "a misspelt severity": ("severity: WARNING", "severity: WARN", "severity 'WARN' is none of"),
    "two steps of one name": ("    - finish:", "    - report:", "two steps are called report"),
    "text mixed with an expression": (
        '${waves + "/" + text.url_encode(wave)}',
        "waves ${wave}",
        "an expression stands alone",
    ),
    "an expression that is too long": ("${tries + 1}", "${tries" + " + 1" * 100 + "}", "400 characters"),
    "too many assignments": ("          - accepted: 0\n", "          - accepted: 0\n" * 50, "at most 50 assignments"),
    "a source that is too long": ("main:", "#" * 131_072 + "\nmain:", "at most 128 KB"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_workflow_is_refused(case):
    before, after, expected = BROKEN[case]
    assert before in OUTBOUND
    found = said(OUTBOUND.replace(before, after))
    assert any(expected in problem for problem in found), found
