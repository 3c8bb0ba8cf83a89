"""The environment of delivery."""

from __future__ import annotations

import msgspec

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function that is pushed to needs, and how to send.

    Attributes:
        contact_points_database: the Firestore database that only delivery may open.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
        link_keys: what links are signed with, `[{"kid": "a", "key": "BASE64"}]`; the first signs.
        link_base: where feedback is reached from outside, and so where our links begin; without, messages have none.
        stand_ins: JSON of the host of a connector to what stands in for it, `{"api.provider.example": "http://…"}`.
        secret_manager_emulator_host: `host:port` of what stands for Secret Manager on a laptop.
    """

    contact_points_database: str
    person_keys: str
    link_keys: str
    link_base: str = ""
    stand_ins: dict[str, str] = msgspec.field(default_factory=dict)
    secret_manager_emulator_host: str = ""
