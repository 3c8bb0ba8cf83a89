"""The environment of suppression."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, and the token that pushes present."""

    push_token: str
