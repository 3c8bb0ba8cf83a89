"""The environment of decide."""

from __future__ import annotations

import msgspec

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, the keys of the channels and the key that identifiers are hashed under.

    Attributes:
        channel_keys: JSON of who may ask, `{"web": {"key": "…"}}`.
        identifier_key: 32 bytes in hexadecimal, the same as ingest's.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
        scoring_hosts: JSON of the hosts of estimators that may serve, `["europe-west2-aiplatform.googleapis.com"]`.
        stand_ins: JSON of the host of a content service or an estimator to what stands in for it.
    """

    channel_keys: str
    identifier_key: str
    person_keys: str
    scoring_hosts: tuple[str, ...] = ()
    stand_ins: dict[str, str] = msgspec.field(default_factory=dict)
