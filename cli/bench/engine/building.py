"""`build.5000`: from the texts of a catalogue to its revision, against PyYAML's C loader alone on the same texts.

Seconds are those of the processor: both only reckon, and what else the machine does is not theirs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import yaml

from cli.bench.counts import Counts
from cli.bench.engine import bank
from cli.bench.results import Result, result
from cli.say import fail
from shared.authoring import build

SIZE = 5000
MOST_SECONDS = 3.0
FLOOR = "yaml.CSafeLoader"


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Build as often as the counts say."""
    if not yaml.__with_libyaml__:
        fail("PyYAML is here without its C loader.", "Install a wheel of it: make setup")
    files = bank.files(SIZE)
    ours: list[float] = []
    floor: list[float] = []
    for number in range(counts.engine_builds + 1):
        tell(f"build: round {number} of {counts.engine_builds}{'' if number else ', to warm up'}")
        taken = _seconds(lambda: [yaml.load(text, Loader=yaml.CSafeLoader) for text in files.values()])
        built = _seconds(lambda: build(files))
        if number:
            floor.append(taken)
            ours.append(built)
    return [result(f"build.{SIZE}", "s", ours, bench="engine", peers={FLOOR: floor}, most=MOST_SECONDS)]


def _seconds(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started
