"""The environment of records."""

from __future__ import annotations

import msgspec

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, who may call, and the key of the seals.

    Attributes:
        operator_keys: JSON of who may ask, `{"audit": {"key": "…"}}`.
        seal_key: 32 bytes in hexadecimal; what they signed cannot be verified with others.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
        scoring_hosts: JSON of the hosts that may be asked for scores, `["europe-west2-aiplatform.googleapis.com"]`.
        stand_ins: JSON of such a host to what stands in for it.
    """

    operator_keys: str
    seal_key: str
    person_keys: str
    scoring_hosts: tuple[str, ...] = ()
    stand_ins: dict[str, str] = msgspec.field(default_factory=dict)
