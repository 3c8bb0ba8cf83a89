"""Waits for what is renewed behind the answer."""

from __future__ import annotations

import threading

from shared.adapters.refreshing import RENEWAL


def renewals_end() -> None:
    """Return once no renewal is under way."""
    for thread in threading.enumerate():
        if thread.name == RENEWAL:
            thread.join(10)
            assert not thread.is_alive()
