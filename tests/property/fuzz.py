"""The fuzz tests of CEL for as long as one likes: `python -m tests.property.fuzz --minutes 60`.

Round after round, each from a seed of its own: texts, serialized expressions, programs' data and values at the doors of
CEL, and functions, patterns and whole expressions against Google's. What a round finds is told with its seed, and the
next one starts; the exit code says whether anything was found. A round that does not come to an end is ended, with the
lines that it stood at.
"""

# ruff: noqa: T201 - prints for the person who waits

from __future__ import annotations

import argparse
import faulthandler
import secrets
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from types import ModuleType

from tests.property import test_cel_against_google, test_cel_functions, test_cel_fuzz

CASES = 5_000
"""Inputs of each kind in a round."""

ENDLESS_SECONDS = 600

KINDS: dict[str, tuple[ModuleType, Callable[[], None]]] = {
    "texts": (test_cel_fuzz, test_cel_fuzz.test_text),
    "serialized expressions": (test_cel_fuzz, test_cel_fuzz.test_serialized_expressions),
    "programs' data": (test_cel_fuzz, test_cel_fuzz.test_data),
    "values": (test_cel_fuzz, test_cel_fuzz.test_values),
    "pairs": (test_cel_against_google, test_cel_against_google.test_no_difference),
    "patterns": (test_cel_functions, test_cel_functions.test_patterns_match_alike),
    "doubles": (test_cel_functions, test_cel_functions.test_doubles_are_written_alike),
    **{
        f"texts of {name}": (test_cel_functions, partial(test_cel_functions.test_texts_are_read_alike, name))
        for name in ("int", "uint", "double", "bool", "timestamp", "duration")
    },
}


def main() -> int:
    """Try for the minutes that were asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.property.fuzz", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, help="of the only round, to see again what one found")
    options = parser.parse_args()
    ends = time.monotonic() + options.minutes * 60
    tried = found = rounds = 0
    while not rounds or (options.seed is None and time.monotonic() < ends):
        seed = secrets.randbits(48) if options.seed is None else options.seed
        for kind, (module, attempt) in KINDS.items():
            module.SEED, module.CASES, module.PAIRS = seed, CASES, CASES  # type: ignore[attr-defined]
            faulthandler.dump_traceback_later(ENDLESS_SECONDS, exit=True)
            try:
                attempt()
            except Exception:  # noqa: BLE001 - whatever it is, it was found
                found += 1
                print(f"found among {kind}, --seed {seed}:\n{traceback.format_exc()}", flush=True)
            faulthandler.cancel_dump_traceback_later()
            tried += CASES
        rounds += 1
        if rounds == 1 or rounds % 10 == 0:
            print(f"{tried:,} inputs in {rounds:,} rounds, the last from seed {seed}: {found} found", flush=True)
    print(f"{tried:,} inputs in {rounds:,} rounds: {found} found", flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    faulthandler.enable()
    sys.exit(main())
