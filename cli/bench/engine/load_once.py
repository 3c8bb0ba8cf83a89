"""Loads a catalogue once and says what it took: `python -m cli.bench.engine.load_once FILE policy|json`."""

from __future__ import annotations

import json
import resource
import sys
import time
import zlib
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from cli.say import fail
from shared.adapters.refreshing import Policies
from shared.domain.catalogue import Revision
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import Signal

_STATM = Path("/proc/self/statm")


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is loaded, compressed as a store keeps it, with its own length, and whom the first answer is about."""

    stored: bytes
    size: int
    person: Profile
    signal: Signal
    now: datetime


class Loaded(msgspec.Struct, frozen=True):
    """What it took of the processor's time, and how much more memory the process holds."""

    ms: float
    megabytes: float


def measured(work: Callable[[], Any]) -> Loaded:
    """What some work took, the memory while its result is still held."""
    before = _resident()
    started = time.thread_time()
    held = work()
    taken = time.thread_time() - started
    after = _resident()
    del held
    return Loaded(taken * 1000, (after - before) / 1e6)


def _resident() -> int:
    """Bytes that the process holds in memory."""
    return int(_STATM.read_text(encoding="ascii").split()[1]) * resource.getpagesize()


def _policy(asked: Asked) -> Policy:
    policy = Policies(lambda _: Revision.decode(zlib.decompress(asked.stored, bufsize=asked.size))).get("")
    policy.treatments(policy.passing(policy.situation(asked.person, asked.signal, asked.now)))
    return policy


def main(file: str, what: str) -> None:
    """Load and print."""
    asked = msgspec.msgpack.decode(Path(file).read_bytes(), type=Asked)
    if not _STATM.exists():
        fail("Memory is read from /proc, which is not here.", "Measure on Linux.")
    read: dict[str, Callable[[], Any]] = {
        "policy": lambda: _policy(asked),
        "json": lambda: json.loads(zlib.decompress(asked.stored, bufsize=asked.size)),
    }
    print(msgspec.json.encode(measured(read[what])).decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
