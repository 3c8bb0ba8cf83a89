"""The environment of deferral."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function needs that an account calls, here the scheduler's job, and what opens deferrals.

    Attributes:
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
    """

    person_keys: str
