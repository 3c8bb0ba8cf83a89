"""The environment of releases."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What Cloud Run gives every function, who may call, how the scheduler proves itself, and the key of the log.

    Attributes:
        operator_keys: JSON of who may ask, `{"ada": {"key": "…"}, "release": {"key": "…", "kind": "service"}}`; a
            second key of a person says whose it is, `{"ada-2": {"key": "…", "person": "ada"}}`.
        seal_key: 32 bytes in hexadecimal; what they signed cannot be verified with others.
    """

    operator_keys: str
    seal_key: str
