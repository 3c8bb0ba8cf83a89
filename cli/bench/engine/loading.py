"""`load.5000`, `memory.5000` and `import.engine`: what a new instance does before it decides, in interpreters that are
new each time.

Loading begins with the bytes that a store keeps and ends when a policy has answered for one person. Its floor is
Python's own JSON reader on the same bytes, which makes dicts of them and can answer nothing. Times are those that the
thread has of a processor: all of it is reckoning, and neither what else the machine does is part of it, nor the threads
with which numpy's linear algebra waits for work, of which there is none.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import msgspec

from cli.bench.counts import Counts
from cli.bench.engine import bank
from cli.bench.engine.load_once import Asked, Loaded
from cli.bench.results import Result, result
from cli.platform import ROOT
from cli.say import fail

SIZE = 5000
MOST_LOAD_MS = 100.0
MOST_MEGABYTES = 40.0
MOST_IMPORT_MS = 60.0
FLOOR = "json.loads"
NUMPY = "numpy"

ENGINE = ("policy.policy", "engagement", "arbitration", "offering", "contact_policy", "decision", "replay")
"""What decides, within `shared.domain`."""

_IMPORT = f"""
import time
began = time.thread_time()
import numpy
numpy_there = time.thread_time()
import {", ".join(f"shared.domain.{name}" for name in ENGINE)}
done = time.thread_time()
print([(done - numpy_there) * 1000, (numpy_there - began) * 1000])
"""


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Start as many interpreters of each kind as the counts say."""
    tell(f"load: a catalogue of {SIZE} actions")
    ours: list[Loaded] = []
    floor: list[Loaded] = []
    imports: list[list[float]] = []
    with tempfile.TemporaryDirectory(prefix="kairos-bench-") as folder:
        asked = _ask(Path(folder))
        for number in range(counts.cold_starts + 1):  # the first round writes the bytecode
            tell(f"load: round {number} of {counts.cold_starts}{'' if number else ', to warm up'}")
            loaded, read = (
                msgspec.json.decode(_run("-m", "cli.bench.engine.load_once", str(asked), what), type=Loaded)
                for what in ("policy", "json")
            )
            imported = msgspec.json.decode(_run("-c", _IMPORT), type=list[float])
            if number:
                ours.append(loaded)
                floor.append(read)
                imports.append(imported)
    return [
        result(
            f"load.{SIZE}",
            "ms",
            [each.ms for each in ours],
            bench="engine",
            peers={FLOOR: [each.ms for each in floor]},
            most=MOST_LOAD_MS,
        ),
        result(
            f"memory.{SIZE}",
            "MB",
            [each.megabytes for each in ours],
            bench="engine",
            peers={FLOOR: [each.megabytes for each in floor]},
            most=MOST_MEGABYTES,
        ),
        result(
            "import.engine",
            "ms",
            [engine for engine, _ in imports],
            bench="engine",
            peers={NUMPY: [numpy for _, numpy in imports]},
            most=MOST_IMPORT_MS,
        ),
    ]


def _ask(folder: Path) -> Path:
    """The file with what is loaded and who is asked about."""
    canonical = bank.revision(SIZE).catalogue.canonical()
    stored = zlib.compress(canonical, level=9)
    who, what = bank.people(1)[0], bank.signal(0)
    asked = Asked(stored=stored, size=len(canonical), person=who, signal=what, now=bank.NOW)
    file = folder / "asked"
    file.write_bytes(msgspec.msgpack.encode(asked))
    return file


def _run(*arguments: str) -> bytes:
    """What a new interpreter prints."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an image has its bytecode
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, *arguments], check=False, cwd=ROOT, env=environment, capture_output=True
    )
    if done.returncode:
        fail(f"a catalogue cannot be loaded: {done.stderr.decode().strip()}")
    return done.stdout
