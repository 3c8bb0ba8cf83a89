"""The environment of privacy."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What Cloud Run gives every function, who may call, how the scheduler proves itself, and what opens what is held.

    Attributes:
        operator_keys: JSON of who may ask, `{"privacy": {"key": "…"}}`; an erasure notes the name.
        identifier_key: 32 bytes in hexadecimal, the same as ingest's.
        contact_points_database: the Firestore database of contact points.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
    """

    operator_keys: str
    identifier_key: str
    contact_points_database: str
    person_keys: str
