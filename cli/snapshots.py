"""Snapshots of what the models know, as `kairos model snapshot` keeps them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cli.say import fail
from shared.domain.monitoring import Snapshot


def read_snapshot(file: Path) -> Snapshot:
    """The snapshot in a file."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Snapshot)
    except msgspec.DecodeError as error:
        fail(f"{file} is no snapshot of models: {error}", "kairos model snapshot FILE makes one.")
