"""From a proof that somebody else made, a TC string or a state of Consent Mode, to changes of consent in our words."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from shared.domain.catalogue.consent import ConsentTerms, ProofKind, Tcf
from shared.domain.consent import tcf
from shared.domain.consent.consent_mode import ModeSignal, read_gcd, read_gcs, read_words
from shared.domain.errors import InvalidError
from shared.domain.signal import ConsentChange

_DAY = timedelta(days=1)


class Proof(NamedTuple):
    """A proof as a signal carries it: of which kind, what it says, and where it stood."""

    kind: ProofKind
    said: Any
    field: str


def changes_of(
    proofs: Iterable[Proof], terms: ConsentTerms, brand: str | None, at: datetime
) -> tuple[ConsentChange, ...]:
    """What proofs say in our purposes and channels; nothing where they say nothing of them.

    Args:
        proofs: what a signal carries, at most one of each kind.
        terms: what they mean here.
        brand: of the signal.
        at: when its event happened, UTC.

    Raises:
        InvalidError: one of them cannot be read, with its field.
    """
    by_kind = {proof.kind: proof for proof in proofs}
    changes: list[ConsentChange] = []
    if "tcf" in by_kind:
        changes += _of_tcf(_text(by_kind["tcf"]), by_kind["tcf"].field, terms.tcf, brand, at)
    said, proof = _mode(by_kind)
    for use in terms.consent_mode:
        words = [said.get(signal) for signal in use.signals]
        if None in words and False not in words:
            continue
        changes += [
            ConsentChange(purpose=use.purpose, channel=channel, granted=all(words), proof=proof)
            for channel in use.channels or (None,)
        ]
    return tuple(changes)


def _of_tcf(text: str, field: str, terms: Tcf, brand: str | None, at: datetime) -> list[ConsentChange]:
    try:
        said = tcf.decode(text)
    except InvalidError as error:
        raise InvalidError(error.detail, field=field) from None
    vendor = terms.vendors.get(brand) if brand else None
    if vendor is None and said.publisher is None:
        return []
    if vendor is not None and said.disclosed is not None and vendor not in said.disclosed:
        return []  # whom nobody was told of nobody could refuse
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    proof = f"tcf:cmp={said.cmp_id} list={said.vendor_list_version} policy={said.policy_version} sha256={digest}"
    changes = []
    for use in terms.uses:
        granted = all(
            said.allows_publisher(each, use.basis) if vendor is None else said.allows(vendor, each, use.basis)
            for each in use.tcf
        )
        changes += [
            ConsentChange(
                purpose=use.purpose,
                channel=channel,
                granted=granted,
                basis=use.basis,
                proof=proof,
                at=_given(said.last_updated, at, granted=granted),
            )
            for channel in use.channels or (None,)
        ]
    return changes


def _given(last_updated: datetime, at: datetime, *, granted: bool) -> datetime:
    """When a choice was made that a string tells of at some time.

    A string is sent again with every page, so its own time counts. It may tell only the day: then a grant is as old
    as that day allows and a refusal as young, so that it never outweighs a withdrawal in another way on that day.
    """
    if granted or last_updated.time() != last_updated.min.time():
        return min(last_updated, at)
    return min(last_updated + _DAY, at)


def _mode(proofs: Mapping[ProofKind, Proof]) -> tuple[dict[ModeSignal, bool | None], str]:
    """What the person said of each signal of Consent Mode, and by what: what tells more of a signal goes first."""
    said: dict[ModeSignal, bool | None] = {}
    told = []
    if (gcs := proofs.get("gcs")) is not None:
        said |= _read(gcs, read_gcs)
        told.append(f"gcs={gcs.said}")
    if (gcd := proofs.get("gcd")) is not None:
        said |= {signal: state.update for signal, state in _read(gcd, read_gcd).items()}
        told.append(f"gcd={gcd.said}")
    if (words := proofs.get("consent_mode")) is not None:
        named = _read(words, read_words, text=False)
        said |= named
        told += [f"{signal}={'GRANTED' if granted else 'DENIED'}" for signal, granted in named.items()]
    return said, f"consent_mode:{' '.join(told)}"


def _read(proof: Proof, reader: Any, *, text: bool = True) -> Any:
    try:
        return reader(_text(proof) if text else proof.said)
    except InvalidError as error:
        within = f"{proof.field}.{error.field}" if error.field else proof.field
        raise InvalidError(error.detail, field=within) from None


def _text(proof: Proof) -> str:
    if not isinstance(proof.said, str):
        raise InvalidError("expected text", field=proof.field)
    return proof.said.strip()
