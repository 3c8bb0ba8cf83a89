"""The environment of delivery."""

from __future__ import annotations

from shared.runtime.settings import Common


class Settings(Common, frozen=True, kw_only=True):
    """What Cloud Run gives every function, the token that pushes present, and where to send.

    Attributes:
        providers: JSON of channel to `{"url": …, "secret": "whsec_…"}`.
        contact_points_database: the Firestore database that only delivery may open.
        contact_points_key: 32 bytes in hexadecimal.
    """

    push_token: str
    providers: str
    contact_points_database: str
    contact_points_key: str
