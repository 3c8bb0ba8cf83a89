"""The environment of delivery."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function that is pushed to needs, and where to send.

    Attributes:
        providers: JSON of channel to `{"url": …, "secret": "whsec_…"}`.
        contact_points_database: the Firestore database that only delivery may open.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
    """

    providers: str
    contact_points_database: str
    person_keys: str
