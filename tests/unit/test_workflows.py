"""Every workflow is one that Google Cloud Workflows would take; a broken one is refused with what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.workflow_grammar import problems

WORKFLOWS = sorted((Path(__file__).resolve().parents[2] / "workflows").glob("*.yaml"))
OUTBOUND = next(path for path in WORKFLOWS if path.name == "outbound.yaml").read_text()

RETRY = OUTBOUND[OUTBOUND.index("        retry:") : OUTBOUND.index("    - new_batch")]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_is_deployable(path):
    assert problems(path.read_text()) == []


BROKEN = {
    "a step of an unknown kind": ("    - new_batch:\n        assign:", "    - new_batch:\n        set:", "steps"),
    "a jump to nowhere": ("next: place_cursor", "next: place_courser", "jumps to place_courser"),
    "a jump out of a loop's sight": ("next: continue", "next: finish", "jumps to finish"),
    "continue outside a loop": ("next: place_cursor", "next: continue", "jumps to continue"),
    "a variable that nothing sets": ("${pages + 1}", "${page_count + 1}", "uses page_count"),
    "a loop's variable outside the loop": ("after: ${last}", "after: ${person}", "uses person"),
    "a function that does not exist": ("list.concat(", "list.append(", "uses list.append"),
    "a call that does not exist": ("call: http.post", "call: http.send", "calls http.send"),
    "a subworkflow that does not exist": ("call: sys.log", "call: log_it", "calls log_it"),
    "a header set that HTTP calls do not take": ("            headers:", "            header:", "$"),
    "an unknown kind of authentication": ("type: OIDC", "type: Basic", "$"),
    "a retry without a limit": ("          max_retries: 8\n", "", "$"),
    "a try without retry or except": (RETRY, "", "$"),
    "a misspelt severity": ("severity: WARNING", "severity: WARN", "$"),
    "two steps of one name": ("    - finish_part:", "    - count:", "count: the name is used twice"),
    "a step name with a hyphen": ("    - read_key:", "    - read-key:", "$"),
    "text mixed with an expression": ('${wave + "-" + person}', "wave ${person}", "mixes text and expression"),
    "an expression that is too long": ("${pages + 1}", "${pages" + " + 1" * 100 + "}", "longer than 400 characters"),
    "too many assignments": ("          - signals: []\n", "          - signals: []\n" * 50, "more than 50 assignments"),
    "a source that is too long": ("main:", "#" * 131_072 + "\nmain:", "longer than 131072 bytes"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_workflow_is_refused(case):
    before, after, expected = BROKEN[case]
    assert before in OUTBOUND

    found = problems(OUTBOUND.replace(before, after))

    assert found
    assert any(expected in problem for problem in found), found


def test_the_other_steps_of_the_language_are_known():
    source = """
main:
  params: [args, {limit: 3}]
  steps:
    - init: {assign: [{total: 0}]}
    - both:
        parallel:
          shared: [total]
          branches:
            - one: {steps: [{add: {assign: [{total: "${total + limit}"}]}}]}
            - two: {steps: [{ask: {call: helper, args: {value: 1}, result: answer}}]}
    - each:
        parallel:
          shared: [total]
          for: {value: n, range: [1, 9], steps: [{plus: {assign: [{total: "${total + n}"}]}}]}
    - risky:
        try: {steps: [{get: {call: http.get, args: {url: "https://example.com"}, result: got}}]}
        retry: ${http.default_retry}
        except: {as: e, steps: [{again: {raise: "${e}"}}]}
    - done: {return: "${got.body.items[total]}"}
helper:
  params: [value]
  steps:
    - give: {return: "${value}"}
"""

    assert problems(source) == []
    assert any("shares sum" in each for each in problems(source.replace("shared: [total]", "shared: [sum]")))
    assert any("uses e.body" in each for each in problems(source.replace("${got.body", "${e.body")))


def test_a_wave_is_made_of_idempotent_signals():
    steps = {name: step for entry in yaml.safe_load(OUTBOUND)["main"]["steps"] for name, step in entry.items()}
    add_signal = steps["fill_batch"]["for"]["steps"][1]["add_signal"]["assign"]
    signal = next(item["signal"] for item in add_signal if "signal" in item)

    assert signal["id"] == '${wave + "-" + person}'
    assert signal["identifiers"] == {"person_id": "${person}"}
    assert (signal["type"], signal["source"]) == ("schedule", "scheduler")
    for called in ("read_page", "send_batch"):
        assert steps[called]["retry"]["predicate"] == "${http.default_retry_predicate}"
