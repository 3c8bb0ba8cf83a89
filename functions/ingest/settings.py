"""The environment of ingest."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, and the key that identifiers are hashed under.

    Attributes:
        identifier_key: 32 bytes in hexadecimal.
        secret_manager_emulator_host: `host:port` of what stands for Secret Manager on a laptop.
    """

    identifier_key: str
    secret_manager_emulator_host: str = ""
