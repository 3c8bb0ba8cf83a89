"""The environment of feedback."""

from __future__ import annotations

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function that is pushed to needs, and the keys of channels, identifiers and links.

    Attributes:
        channel_keys: JSON of who may report outcomes, `{"web": {"key": "…"}}`.
        identifier_key: 32 bytes in hexadecimal, under which identifiers are hashed.
        link_keys: what links are signed with, `[{"kid": "a", "key": "BASE64"}]`; the first signs, all are known.
        person_keys: what wraps the keys of persons, `kms://LOCATION/KEY_RING/KEY` or `file:///PATH`.
        secret_manager_emulator_host: `host:port` of what stands for Secret Manager on a laptop.
    """

    channel_keys: str
    identifier_key: str
    link_keys: str
    person_keys: str
    secret_manager_emulator_host: str = ""
