"""What Google Cloud Workflows would refuse in a definition, found without Google Cloud.

The step grammar is a JSON Schema (`corpus/workflow-grammar.schema.json`). Here are the documented limits, and what no
schema can say: that jumps lead somewhere, and that variables, functions and subworkflows exist where they are used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import yaml

SCHEMA = json.loads((Path(__file__).parent / "corpus" / "workflow-grammar.schema.json").read_text())
MAX_SOURCE_BYTES = 128 * 1024
MAX_EXPRESSION_CHARACTERS = 400
MAX_ASSIGNMENTS = 50
JUMPS = {"end", "continue", "break"}
WORDS = {"and", "or", "not", "in", "true", "false", "null", "True", "False", "TRUE", "FALSE", "AND", "OR", "NOT"}
FUNCTIONS = {
    *("default", "double", "int", "keys", "len", "string"),
    *("base64.decode", "base64.encode", "hash.compute_checksum", "hash.compute_hmac"),
    *("http.default_retry", "http.default_retry_non_idempotent"),
    *("http.default_retry_predicate", "http.default_retry_predicate_non_idempotent", "retry.default_backoff"),
    *("json.decode", "json.encode", "json.encode_to_string", "list.concat", "list.prepend"),
    *("map.delete", "map.get", "map.merge", "map.merge_nested", "math.abs", "math.floor", "math.max", "math.min"),
    *("sys.get_env", "sys.now", "text.decode", "text.encode", "text.find_all", "text.find_all_regex"),
    *("text.match_regex", "text.replace_all", "text.replace_all_regex", "text.split", "text.substring"),
    *("text.to_lower", "text.to_upper", "text.url_decode", "text.url_encode", "text.url_encode_plus"),
    *("time.format", "time.parse", "uuid.generate"),
}
CALLS = {
    *("http.delete", "http.get", "http.patch", "http.post", "http.put", "http.request"),
    *("gke.await_job", "gke.create_job", "gke.delete_job", "gke.request"),
    *("events.await_callback", "events.create_callback_endpoint", "sys.log", "sys.sleep", "sys.sleep_until"),
}
EXPRESSION = re.compile(r"\$\{([\s\S]*)\}")
TOKEN = re.compile(r"""(?P<text>"(?:\\.|[^"\\])*")|(?P<member>\.\s*\w+)|(?P<name>[A-Za-z_]\w*(?:\.\w+)*)|\S""")

Steps = list[dict[str, dict[str, Any]]]


def problems(source: str) -> list[str]:
    """Everything that is wrong with a definition; nothing if it could be deployed."""
    definition = yaml.safe_load(source)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    found = [jsonschema.exceptions.best_match([error]) for error in validator.iter_errors(definition)]
    if found:
        return [f"{error.json_path}: {error.message}"[:300] for error in found]
    subworkflows = definition if isinstance(definition, dict) else {"main": {"steps": definition}}
    wrong = list(over_limits(source, definition))
    for name, body in subworkflows.items():
        params = [each if isinstance(each, str) else next(iter(each)) for each in body.get("params", [])]
        checker = Checker(name, set(subworkflows))
        checker.check_steps(body["steps"], {*params, *assigned(body["steps"])}, set(), in_loop=False)
        wrong += checker.wrong
    return wrong


def over_limits(source: str, definition: Any) -> Iterator[str]:
    """What exceeds a documented limit."""
    if len(source.encode()) > MAX_SOURCE_BYTES:
        yield f"source is longer than {MAX_SOURCE_BYTES} bytes"
    for value in walk(definition):
        if isinstance(value, str) and EXPRESSION.fullmatch(value) and len(value) > MAX_EXPRESSION_CHARACTERS:
            yield f"expression is longer than {MAX_EXPRESSION_CHARACTERS} characters: {value[:60]}..."
        if isinstance(value, dict) and len(value.get("assign") or ()) > MAX_ASSIGNMENTS:
            yield f"a step has more than {MAX_ASSIGNMENTS} assignments"


def walk(value: Any) -> Iterator[Any]:
    """Every value inside a value, itself included."""
    yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from walk(child)


def assigned(steps: Steps) -> set[str]:
    """The variables that steps set for their whole subworkflow: those set inside a loop or a handler stay there."""
    names: set[str] = set()
    for entry in steps:
        for step in entry.values():
            for part in (step, step.get("try", {}), *step.get("switch", ())):
                names |= {re.split(r"[.\[]", key)[0] for item in part.get("assign", ()) for key in item}
                names |= {part["result"]} if "result" in part else set()
                names |= assigned(part.get("steps", []))
    return names


class Checker:
    """Checks one subworkflow's jumps and names, and keeps what is wrong."""

    def __init__(self, subworkflow: str, subworkflows: set[str]) -> None:
        self.subworkflow = subworkflow
        self.subworkflows = subworkflows
        self.wrong: list[str] = []

    def say(self, step: str, problem: str) -> None:
        """Keep one problem."""
        self.wrong.append(f"{self.subworkflow}.{step}: {problem}")

    def check_steps(self, steps: Steps, variables: set[str], targets: set[str], *, in_loop: bool) -> None:
        """Check steps that see these variables, and may jump to these steps outside or to each other."""
        names = [name for entry in steps for name in entry]
        for name in {each for each in names if names.count(each) > 1 or each in targets}:
            self.say(name, "the name is used twice")
        reachable = targets | set(names)
        for entry in steps:
            for name, step in entry.items():
                self.check_step(name, step, variables, reachable, in_loop=in_loop)

    def check_step(
        self, name: str, step: dict[str, Any], variables: set[str], targets: set[str], *, in_loop: bool
    ) -> None:
        """Check one step, a case of a switch or the body of a try, and what is nested in it."""
        self.check_jump(name, step.get("next"), targets, in_loop=in_loop)
        if "call" in step:
            self.check_call(name, step["call"])
        for key in step.keys() - {"switch", "for", "parallel", "try", "except", "steps", "next", "call"}:
            self.check_expressions(name, step[key], variables)
        for case in step.get("switch", ()):
            self.check_step(name, case, variables, targets, in_loop=in_loop)
        if "try" in step:
            self.check_step(name, step["try"], variables, targets, in_loop=in_loop)
        if "steps" in step:
            self.check_steps(step["steps"], variables, targets, in_loop=in_loop)
        if "except" in step:
            handler = step["except"]
            seen = {*variables, handler["as"], *assigned(handler["steps"])}
            self.check_steps(handler["steps"], seen, targets, in_loop=in_loop)
        if "for" in step:
            self.check_loop(name, step["for"], variables)
        if "parallel" in step:
            self.check_parallel(name, step["parallel"], variables)

    def check_loop(self, name: str, loop: dict[str, Any], variables: set[str]) -> None:
        """Check a loop: it sees outer variables, keeps its own, and its steps jump only among themselves."""
        self.check_expressions(name, [loop.get("in"), loop.get("range")], variables)
        own = {loop["value"], loop.get("index", loop["value"]), *assigned(loop["steps"])}
        self.check_steps(loop["steps"], variables | own, set(), in_loop=True)

    def check_parallel(self, name: str, parallel: dict[str, Any], variables: set[str]) -> None:
        """Check branches, or a loop: what they share must exist before them."""
        for variable in set(parallel.get("shared", ())) - variables:
            self.say(name, f"shares {variable}, which nothing sets")
        if "for" in parallel:
            self.check_loop(name, parallel["for"], variables)
        for branch in parallel.get("branches", ()):
            for body in branch.values():
                self.check_steps(body["steps"], variables | assigned(body["steps"]), set(), in_loop=False)

    def check_jump(self, name: str, target: str | None, targets: set[str], *, in_loop: bool) -> None:
        """A jump leads to a step in sight; `continue` and `break` need a loop."""
        if target is None or target in targets:
            return
        if target not in JUMPS or (target != "end" and not in_loop):
            self.say(name, f"jumps to {target}, which is not there")

    def check_call(self, name: str, call: str) -> None:
        """What is called exists here, in the standard library, or as a connector."""
        if call not in self.subworkflows | CALLS | FUNCTIONS and not call.startswith("googleapis."):
            self.say(name, f"calls {call}, which does not exist")

    def check_expressions(self, name: str, value: Any, variables: set[str]) -> None:
        """Every expression inside a value uses names that exist."""
        for each in walk(value):
            expression = EXPRESSION.fullmatch(each) if isinstance(each, str) else None
            if isinstance(each, str) and "${" in each and expression is None:
                self.say(name, f"{each} mixes text and expression")
            for token in TOKEN.finditer(expression[1]) if expression else ():
                self.check_name(name, token["name"], variables)

    def check_name(self, name: str, used: str | None, variables: set[str]) -> None:
        """A name in an expression is a word of the language, a function or a variable."""
        known = used is None or used in WORDS | FUNCTIONS | self.subworkflows or used.startswith("googleapis.")
        if not known and str(used).split(".")[0] not in variables:
            self.say(name, f"uses {used}, which nothing sets")
