"""The environment of feedback."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, the token that pushes present, and the keys of the channels.

    Attributes:
        channel_keys: JSON of who may report outcomes, `{"web": {"key": "…"}}`.
    """

    push_token: str
    channel_keys: str
