"""Structured logs for Cloud Logging: one JSON object a line on stdout, tied to the trace of the request at hand."""

from __future__ import annotations

import os
import sys
import threading
from typing import Literal

import msgspec

from shared.runtime import trace

Severity = Literal["DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL"]
_RANK = {"DEBUG": 0, "INFO": 1, "NOTICE": 2, "WARNING": 3, "ERROR": 4, "CRITICAL": 5}
_lock = threading.Lock()


def log(severity: Severity, message: str, **fields: object) -> None:
    """Write one entry. Fields are for machines: ids, counts, durations; never a secret, a header or personal data.

    `LOG_LEVEL` (default INFO) says from which severity on entries are written.
    """
    if _RANK[severity] < _RANK.get(os.environ.get("LOG_LEVEL", "INFO"), 1):
        return
    entry: dict[str, object] = {"severity": severity, "message": message, **fields}
    ids = trace.ids(trace.current())
    if ids is not None:
        project = os.environ.get("GOOGLE_CLOUD_PROJECT", "local")
        entry["logging.googleapis.com/trace"] = f"projects/{project}/traces/{ids.trace}"
        entry["logging.googleapis.com/spanId"] = ids.span
        entry["logging.googleapis.com/trace_sampled"] = ids.sampled
    line = msgspec.json.encode(entry, enc_hook=str).decode()
    with _lock:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
