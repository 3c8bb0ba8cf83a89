"""The environment of ingest."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, the keys of the sources and the key that identifiers are hashed under.

    Attributes:
        source_keys: JSON of who may send as which source, `{"web": {"key": "…", "sources": ["segment"]}}`.
        identifier_key: 32 bytes in hexadecimal.
    """

    source_keys: str
    identifier_key: str
