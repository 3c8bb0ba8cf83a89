"""`signals.normalise.<format>`: from the bytes of a payload to a raw signal, against parsing the same bytes.

Payloads are the first examples beside the formats, and samples of the two formats that are built in.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import msgspec
import yaml

from cli.bench.counts import Counts
from cli.bench.results import Result, result
from cli.platform import ROOT
from functions.ingest.formats import Format, formats_of
from shared import authoring
from shared.domain.normalising.formats import completed
from shared.runtime.body import decode, split

PEER = "JSON parsed"
_AT_ONCE = 10
"""How often a payload is read between two looks at the clock."""

_BLOCKS = 20
_MICROSECONDS = 1e6
_CATALOGUE = ROOT / "catalogue"
_SAMPLES = {
    "adobe-xdm": "adobe-xdm/extensions__adobe__experience__campaign__experienceevent.example.click.json",
    "canonical": "signals/application_abandoned.json",
}


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure every format in one run."""
    formats = formats_of(authoring.load(_CATALOGUE).catalogue)
    tell(f"normalise: {', '.join(sorted(formats))}")
    bodies = {name: _body(name) for name in sorted(formats)}
    times: dict[str, list[float]] = {name: [] for name in bodies}
    parsed: dict[str, list[float]] = {name: [] for name in bodies}
    for block in range(counts.engine_rounds * _BLOCKS + 1):
        for name, body in bodies.items():
            taken = _timed(partial(_read, formats[name], body))
            floor = _timed(partial(msgspec.json.decode, body))
            if block:
                times[name].append(taken)
                parsed[name].append(floor)
    return [
        result(f"normalise.{name}", "µs", times[name], bench="signals", peers={PEER: parsed[name]}) for name in bodies
    ]


def _body(name: str) -> bytes:
    if name in _SAMPLES:
        return (_CATALOGUE / "samples" / _SAMPLES[name]).read_bytes()
    examples = yaml.safe_load((_CATALOGUE / "examples" / f"{name}.yaml").read_text(encoding="utf-8"))
    return msgspec.json.encode(examples["examples"][0]["given"])


def _read(form: Format, body: bytes) -> None:
    parts = split(body, form.batch)
    for item in parts.items:
        form.read(completed(decode(item, shared_bytes=parts.shared_bytes), parts.shared))


def _timed(run: Callable[[], object]) -> float:
    """What one run takes, in µs."""
    started = time.perf_counter()
    for _ in range(_AT_ONCE):
        run()
    return (time.perf_counter() - started) / _AT_ONCE * _MICROSECONDS
