"""The environment of persons."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, who may call, the key of identifiers, and what wraps those of persons.

    Attributes:
        operator_keys: JSON of who may ask, `{"desk": {"key": "…"}}`; the name stands with what they refuse.
        identifier_key: 32 bytes in hexadecimal, the same as ingest's.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
    """

    operator_keys: str
    identifier_key: str
    person_keys: str
