"""The environment of deferral."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function needs that an account calls, here the scheduler's job, and no more."""
