"""The canonical format: our own words, checked strictly."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

from shared.domain.catalogue.formats import PROOFS
from shared.domain.consent import ANY
from shared.domain.consent.proofs import Proof
from shared.domain.errors import InvalidError
from shared.domain.normalising.raw import MAX_TYPE, RawSignal, beside, described, instant, snake_case, text
from shared.domain.ready import ready
from shared.domain.signal import Basis, ConsentChange

_TYPE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_MISSING = re.compile(r"Object missing required field `(?P<field>\w+)`")
_PLACE = re.compile(r"(?P<detail>.*) - at `\$\.?(?P<field>.*)`")


class Canonical(msgspec.Struct, frozen=True, kw_only=True):
    """A canonical signal, as it is sent. Fields beside these are kept under `properties`."""

    type: str
    identifiers: dict[str, Any]
    id: str | None = None
    at: Any = None
    source: str | None = None
    brand: str | None = None
    context: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    consent: dict[str, Any] | None = None


class _Word(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    granted: bool
    basis: Basis | msgspec.UnsetType = msgspec.UNSET
    proof: Annotated[str, Meta(max_length=256)] | msgspec.UnsetType = msgspec.UNSET
    at: Any = None


FormT = TypeVar("FormT", Canonical, _Word)


def read(payload: Any) -> RawSignal:
    """Read a canonical signal; fields that it does not declare are kept under `properties`.

    Raises:
        InvalidError: with the path of the field that does not fit.
    """
    if not isinstance(payload, dict):
        raise InvalidError(f"expected an object, got {described(payload)}")
    body = _fitted(payload, Canonical)
    if len(body.type) > MAX_TYPE or not _TYPE.fullmatch(body.type):
        raise InvalidError(_type_advice(body.type), field="type")
    if body.source is not None and not _SOURCE.fullmatch(body.source):
        raise InvalidError("is not 1 to 64 of a-z, 0-9, `_`, `.` and `-`, a letter or digit first", field="source")
    undeclared = {name: value for name, value in payload.items() if name not in Canonical.__struct_fields__}
    return RawSignal(
        id=text(body.id, "id"),
        type=body.type,
        at=instant(body.at, "at"),
        source=body.source,
        identifiers=body.identifiers,
        brand=body.brand,
        context=body.context or {},
        properties=beside(body.properties or {}, undeclared),
        consent=tuple(_consents(body.consent or {})),
        proofs=_proofs(body.consent or {}),
    )


def _fitted(payload: dict[str, Any], form: type[FormT], within: str = "") -> FormT:
    try:
        return msgspec.convert(payload, ready(form))
    except msgspec.ValidationError as error:
        said = str(error)
        place = _PLACE.fullmatch(said)
        found: list[str] = [within] if within else []
        if missing := _MISSING.match(said):
            raise InvalidError("is missing", field=".".join([*found, missing["field"]])) from None
        found += [place["field"]] if place else []
        raise InvalidError(place["detail"] if place else said, field=".".join(found)) from None


def _type_advice(given: str) -> str:
    rule = f"is not lower snake case of 1 to {MAX_TYPE} characters"
    try:
        return f"{rule}; did you mean `{snake_case(given, 'type')}`?"
    except InvalidError:
        return rule


def _consents(consent: dict[str, Any]) -> list[ConsentChange]:
    changes: list[ConsentChange] = []
    for purpose, word in consent.items():
        if purpose in PROOFS:  # what others wrote of consents is none itself
            continue
        if isinstance(word, bool):
            changes.append(ConsentChange(purpose=purpose, granted=word))
            continue
        if not isinstance(word, dict) or not word:
            raise InvalidError("expected true, false or an object of channels", field=f"consent.{purpose}")
        changes += [_consent(purpose, channel, said) for channel, said in word.items()]
    return changes


def _consent(purpose: str, channel: str, said: Any) -> ConsentChange:
    """A word on one channel, or with `*` on all of them: true, false, or what it rests on besides."""
    field = f"consent.{purpose}.{channel}"
    where = None if channel == ANY else channel
    if isinstance(said, bool):
        return ConsentChange(purpose=purpose, channel=where, granted=said)
    if not isinstance(said, dict):
        raise InvalidError(f"expected true or false, got {described(said)}", field=field)
    word = _fitted(said, _Word, field)
    at = instant(word.at, f"{field}.at")
    return ConsentChange(
        purpose=purpose,
        channel=where,
        granted=word.granted,
        basis=word.basis,
        proof=word.proof,
        at=at if at is not None else msgspec.UNSET,
    )


def _proofs(consent: dict[str, Any]) -> tuple[Proof, ...]:
    return tuple(Proof(kind, consent[kind], f"consent.{kind}") for kind in PROOFS if consent.get(kind) is not None)
