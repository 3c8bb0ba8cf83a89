"""The environment of simulation."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, who may call, and what opens profiles.

    Attributes:
        operator_keys: JSON of who may ask, `{"release": {"key": "…", "kind": "service"}}`.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
    """

    operator_keys: str
    person_keys: str
