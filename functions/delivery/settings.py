"""The environment of delivery."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function that is pushed to needs, and where to send.

    Attributes:
        providers: JSON of channel to `{"url": …, "secret": "whsec_…"}`.
        contact_points_database: the Firestore database that only delivery may open.
        contact_points_key: 32 bytes in hexadecimal.
    """

    providers: str
    contact_points_database: str
    contact_points_key: str
