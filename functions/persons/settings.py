"""The environment of persons."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, who may call, and the keys of identifiers and of persons.

    Attributes:
        operator_keys: JSON of who may ask, `{"desk": {"key": "…"}}`; the name stands with what they refuse.
        identifier_key: 32 bytes in hexadecimal, the same as ingest's.
        person_keys: where the keys that wrap persons' keys are.
    """

    operator_keys: str
    identifier_key: str
    person_keys: str
