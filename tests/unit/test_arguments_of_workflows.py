"""What keeps the platform whole takes what it knows, and does nothing where something else is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from emulators.workflows.language.reading import read
from emulators.workflows.running.clocks import JumpingClock
from emulators.workflows.running.failures import WorkflowError
from emulators.workflows.running.loop import Loop
from emulators.workflows.running.machine import Machine
from emulators.workflows.running.outside import Answer

ROOT = Path(__file__).parents[2]
OURS = "sweep", "redrive", "erase", "export", "reconcile", "learn", "measure"
WHOLE = {"person": "p-1", "case": "DSR-1"}


class Functions:
    """Functions that answer one thing after the other, and the last of them again."""

    def __init__(self, *answers):
        self._answers, self.asked = list(answers), []

    def send(self, request):
        self.asked.append(request.url)
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(answer).encode())

    def connect(self, connector, arguments):
        del connector, arguments
        return Answer(200, {"Content-Type": "application/json"}, b'"the key"')

    def token(self, kind, audience):
        del audience
        return kind

    def environment(self):
        urls = {f"{each}_URL": f"http://{each.lower()}" for each in ("FEEDBACK", "DEFERRAL", "OPERATIONS")}
        return {"GOOGLE_CLOUD_PROJECT_ID": "p", **urls}

    def log(self, severity, said):
        pass

    def step(self, routine, step, line):
        pass


def run(workflow, argument, functions):
    definition = read((ROOT / "workflows" / f"{workflow}.yaml").read_text(encoding="utf-8"))
    return Loop(JumpingClock(1000.0)).run(Machine(definition, functions).run(argument))


@pytest.mark.parametrize("workflow", OURS)
@pytest.mark.parametrize("argument", [{"fuction": "delivery", **WHOLE}, ["2026-03-01"], "yesterday"])
def test_an_argument_that_is_none_is_refused_before_anything_is_asked(workflow, argument):
    functions = Functions({})
    with pytest.raises(WorkflowError):
        run(workflow, argument, functions)
    assert functions.asked == []


@pytest.mark.parametrize("workflow", ["erase", "export"])
@pytest.mark.parametrize("person", ["+447700900123", "ada@example.com", "", None, 7, "p-1/../x"])
def test_who_it_is_about_is_named_by_a_random_id_only(workflow, person):
    functions = Functions({})
    with pytest.raises(WorkflowError) as refused:
        run(workflow, {**WHOLE, "person": person}, functions)
    assert functions.asked == []
    assert not person or str(person) not in str(refused.value)


def test_putting_back_ends_before_an_execution_has_too_many_steps():
    taken = {"taken_in": 0, "more": False, "at": "2026-03-01T00:00Z"}
    functions = Functions(taken, {"redriven": 10, "refused": 0, "after": "there"})

    done = run("redrive", {"most_rounds": 3}, functions)

    assert (done["redriven"], done["more"], len(functions.asked)) == (30, True, 4)


def test_a_sweep_goes_on_from_where_the_last_answer_ended():
    first = {
        "closed": 1,
        "fired": 1,
        "told": 2000,
        "taken_back": 0,
        "late": 0,
        "more": True,
        "after": "2026-03-01T00:00Z",
    }
    functions = Functions(first, {**first, "told": 1, "more": False, "after": None})

    assert run("sweep", None, functions)["no_response"] == 2
    assert functions.asked[:2] == [
        "http://feedback/v1/sweep?after=",
        "http://feedback/v1/sweep?after=2026-03-01T00%3A00Z",
    ]
