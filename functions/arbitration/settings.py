"""The environment of arbitration."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function that is pushed to needs, and no more."""
