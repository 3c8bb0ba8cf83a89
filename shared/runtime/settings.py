"""Settings: a function's environment, read once, typed. A misconfigured revision never starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, get_origin

import msgspec

from shared.domain.ready import ready

T = TypeVar("T", bound=msgspec.Struct)

_PARTED = (dict, tuple)


class SettingsError(Exception):
    """The environment lacks something or holds something that does not fit."""


def read(kind: type[T], environment: Mapping[str, str] | None = None) -> T:
    """The settings of this kind: each field from the variable of its name in capitals; what has several parts, from
    JSON.

    Raises:
        SettingsError: naming every variable that is missing, or the one that does not fit; never a value.
    """
    environment = os.environ if environment is None else environment
    fields = msgspec.structs.fields(kind)
    given = {
        field.name: _from_json(field, text) if get_origin(field.type) in _PARTED else text
        for field in fields
        if (text := environment.get(field.name.upper())) is not None
    }
    missing = [field.name.upper() for field in fields if field.required and field.name not in given]
    if missing:
        raise SettingsError(f"set {', '.join(missing)} in the environment of this function")
    try:
        return msgspec.convert(given, type=ready(kind), strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"environment variable does not fit: {error}") from error


def _from_json(field: msgspec.structs.FieldInfo, text: str) -> Any:
    try:
        return msgspec.json.decode(text, type=ready(field.type))
    except msgspec.MsgspecError as error:
        raise SettingsError(f"environment variable {field.name.upper()} does not fit: {error}") from None


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What Cloud Run gives every function."""

    google_cloud_project: str
    k_service: str
    k_revision: str = "local"


class Pushed(Common, frozen=True, kw_only=True):
    """What a function needs that Pub/Sub pushes to: how its own subscription proves itself.

    Attributes:
        push_account: e-mail of the service account whose OIDC token its pushes carry; several by spaces.
        push_audience: whom that token is for.
        push_signature: `checked` by this function, or `removed` by Cloud Run, which has checked it.
        push_token: on a laptop, instead of an account, what its pushes carry as `?token=`.
    """

    push_account: str = ""
    push_audience: str = ""
    push_signature: Literal["checked", "removed"] = "checked"
    push_token: str = ""


def hexadecimal(name: str, value: str) -> bytes:
    """The bytes of a secret that the variable `name` holds in hexadecimal; its value is never repeated.

    Raises:
        SettingsError: it is no hexadecimal, or of fewer than 32 bytes.
    """
    try:
        secret = bytes.fromhex(value)
    except ValueError:
        raise SettingsError(f"{name} is not hexadecimal; `openssl rand -hex 32` makes one") from None
    if len(secret) < 32:
        raise SettingsError(f"{name} has fewer than 32 bytes; `openssl rand -hex 32` makes one")
    return secret
