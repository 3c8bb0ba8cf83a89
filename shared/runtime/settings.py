"""Settings: a function's environment, read once, typed. A misconfigured revision never starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class SettingsError(Exception):
    """The environment lacks something or holds something that does not fit."""


def read(kind: type[T], environment: Mapping[str, str] | None = None) -> T:
    """The settings of this kind: each field from the variable of its name in capitals.

    Raises:
        SettingsError: naming every variable that is missing, or the one that does not fit; never a value.
    """
    environment = os.environ if environment is None else environment
    fields = msgspec.structs.fields(kind)
    given = {field.name: environment[field.name.upper()] for field in fields if field.name.upper() in environment}
    missing = [field.name.upper() for field in fields if field.required and field.name not in given]
    if missing:
        raise SettingsError(f"set {', '.join(missing)} in the environment of this function")
    try:
        return msgspec.convert(given, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"environment variable does not fit: {error}") from error


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What Cloud Run gives every function."""

    google_cloud_project: str
    k_service: str
    k_revision: str = "local"


def secret(name: str) -> bytes:
    """A secret given as hexadecimal in a variable, as bytes.

    Raises:
        SettingsError: it is missing or no hexadecimal of at least 16 bytes.
    """
    try:
        value = bytes.fromhex(os.environ[name])
    except (KeyError, ValueError):
        raise SettingsError(f"set {name} to a secret in hexadecimal, such as `openssl rand -hex 32` makes") from None
    if len(value) < 16:
        raise SettingsError(f"{name} is shorter than 16 bytes")
    return value
