"""Our evaluation of CEL against Google's, on expressions and persons made from a seed.

`KAIROS_CEL_PAIRS` says how many pairs of an expression and a person are compared (10,000 unless it is set; 100,000 take
about two minutes), `KAIROS_CEL_SEED` where the generator starts.
"""

from __future__ import annotations

import math
import os
from datetime import datetime, timedelta
from typing import Any

from cel_expr_python import cel

from shared.authoring.checked import ProgramError
from shared.authoring.programs import program_data
from shared.domain.cel import Duration, Failed, Kind, Missing, Timestamp, Uint, from_python, program
from shared.domain.cel.values import decode_key
from tests.property.cel_generator import VARIABLES, Generator

PAIRS = int(os.environ.get("KAIROS_CEL_PAIRS", "10000"))
SEED = int(os.environ.get("KAIROS_CEL_SEED", "1"))
PERSONS = 5  # an expression costs more to compile than to evaluate
ENV = cel.NewEnv(variables=VARIABLES)
KIND_NAMES = {"NULL": "null_type", "TIMESTAMP": "google.protobuf.Timestamp", "DURATION": "google.protobuf.Duration"}


def test_no_difference():
    generator = Generator(SEED)
    compared, differences = 0, []
    ends = dict.fromkeys(("value", "missing", "failed"), 0)
    while compared < PAIRS:
        text = generator.expression()
        try:
            theirs = ENV.compile(text)
            ours = program(program_data(theirs.serialize()))
        except (RuntimeError, ProgramError):
            continue  # not well-typed, or refused when built: there is nothing to compare
        for _ in range(PERSONS):
            variables = generator.variables()
            expected = from_google(theirs.eval(data=variables))
            got = ours.evaluate(bound(variables))
            compared += 1
            ends["missing" if expected is Missing else "failed" if expected is Failed else "value"] += 1
            if not same(expected, got):
                differences.append(f"{text}\n  {variables}\n  Google's {expected!r}, ours {got!r}")
    assert not differences, f"{len(differences)} of {compared}:\n" + "\n".join(differences[:20])
    assert min(ends.values()) > 0.05 * compared, ends


def bound(variables: dict[str, Any]) -> dict[str, Any]:
    """The variables as our values; those that Google's CEL takes for uints by their declaration are uints."""
    converted = {name: from_python(value) for name, value in variables.items()}
    if "count" in converted:
        converted["count"] = Uint(variables["count"])
    return converted


def from_google(value: cel.Value) -> Any:  # noqa: PLR0911 - one for each type
    """Google's value as ours; `Missing` and `Failed` themselves for its errors.

    An error is a value of a type of its own, and a true one for Python. NaN has the machine's sign, and ours none.
    """
    kind = value.type().name().partition("<")[0]
    content = value.value()
    match kind:
        case "ERROR":
            text = str(content)
            return Missing if text.startswith("NOT_FOUND") or "No value with name" in text else Failed
        case "UINT":
            return Uint(content)
        case "STRING":
            return content.replace("-nan", "nan")
        case "BYTES":
            return bytes(content).replace(b"-nan", b"nan")
        case "LIST":
            return [from_google(item) for item in content]
        case "MAP":
            return {key: from_google(item) for key, item in content.items()}
        case "TYPE":
            name = content.name().partition("<")[0]
            return Kind(KIND_NAMES.get(name, name.lower()))
        case _:
            return content


def same(expected: Any, got: Any) -> bool:  # noqa: PLR0911 - one for each type
    """Whether these are one value of one type; NaN is NaN here, and datetimes know no nanoseconds.

    For us an operand of `&&` that is no bool is an error where it stands; Google's ends as the other operand, if that
    is an error.
    """
    if expected is Missing or expected is Failed:
        return got.__class__ is expected or (got.__class__ is Failed and got.reason.startswith(("&& ", "|| ")))
    if isinstance(expected, datetime):
        return got.__class__ is Timestamp and got // 1_000 == Timestamp.of(expected) // 1_000
    if isinstance(expected, timedelta):
        return got.__class__ is Duration and abs(got - Duration.of(expected)) < 1_000
    if expected.__class__ is not got.__class__:
        return False
    if isinstance(expected, float):
        return expected == got or (math.isnan(expected) and math.isnan(got))
    if isinstance(expected, list):
        return len(expected) == len(got) and all(map(same, expected, got))
    if isinstance(expected, dict):
        keys = {decode_key(key): value for key, value in got.items()}
        return expected.keys() == keys.keys() and all(same(expected[key], keys[key]) for key in expected)
    return bool(expected == got)
