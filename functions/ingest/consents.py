"""Consents: from what a source says and what proofs it passes on to changes in our purposes, channels and brands."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, get_args

import msgspec

from functions.ingest.formats import Format, RawSignal
from functions.ingest.suggestions import unknown
from shared.domain.catalogue import Revision
from shared.domain.consent import ANY, CONTACT_POINT
from shared.domain.consent.proofs import changes_of
from shared.domain.errors import InvalidError
from shared.domain.personal import Scrubber
from shared.domain.rules import Purpose
from shared.domain.signal import ConsentChange

_PURPOSES: tuple[str, ...] = get_args(Purpose)


class Consented(NamedTuple):
    """The changes of consent that a signal carries, and why a proof that it carries was not read, where it was not."""

    changes: tuple[ConsentChange, ...]
    unreadable: InvalidError | None = None


def consented(revision: Revision, form: Format, raw: RawSignal, at: datetime, scrubber: Scrubber) -> Consented:
    """The changes that a signal of this time carries.

    What a foreign source says of purposes and channels that we do not have is none of ours; in our own format it is a
    mistake of the sender. No grant follows from a proof that cannot be read.

    Raises:
        InvalidError: it is in our own format, and something of it does not fit.
    """
    is_ours = form.is_strict
    kept: list[ConsentChange] = []
    for change in raw.consent:
        try:
            kept.append(_fitted(revision, change, raw.brand, at, scrubber))
        except InvalidError:
            if is_ours:
                raise
    try:
        proved = changes_of(raw.proofs, revision.catalogue.consent, raw.brand, at) if raw.proofs else ()
    except InvalidError as error:
        if is_ours:
            raise
        return Consented(tuple(kept), error)
    kept += [change for change in proved if _serves(revision, change, raw.brand)]
    return Consented(tuple(kept))


def _fitted(
    revision: Revision, change: ConsentChange, brand: str | None, at: datetime, scrubber: Scrubber
) -> ConsentChange:
    """The change, given no later than its signal happened, and from every brand where it is an objection."""
    path = f"consent.{change.purpose}"
    objections = [objection.word for objection in revision.catalogue.consent.objections]
    if change.purpose == CONTACT_POINT:
        return _of_a_contact_point(revision, change, at, scrubber)
    if change.purpose not in _PURPOSES and change.purpose not in objections:
        raise InvalidError(unknown("purpose", (*_PURPOSES, *objections), change.purpose), field=path)
    if change.channel is not None and change.channel not in revision.channels:
        raise InvalidError(unknown("channel", revision.channels, change.channel), field=f"{path}.{change.channel}")
    if change.purpose in objections:
        return msgspec.structs.replace(change, brand=ANY, channel=None)
    if not _serves(revision, change, brand):
        raise InvalidError(f"names no brand, and {change.purpose} is granted to one brand at a time", field=path)
    return msgspec.structs.replace(
        change,
        at=min(change.at, at) if change.at else msgspec.UNSET,
        proof=scrubber.text(change.proof) if change.proof else msgspec.UNSET,
    )


def _of_a_contact_point(revision: Revision, change: ConsentChange, at: datetime, scrubber: Scrubber) -> ConsentChange:
    """A word on whether what is sent on a channel arrives, which is of every brand."""
    path = f"consent.{CONTACT_POINT}"
    if change.channel not in revision.outbound:
        raise InvalidError(unknown("channel that is sent to", revision.outbound, change.channel or "*"), field=path)
    return msgspec.structs.replace(
        change,
        brand=ANY,
        at=min(change.at, at) if change.at else msgspec.UNSET,
        proof=scrubber.text(change.proof) if change.proof else msgspec.UNSET,
    )


def _serves(revision: Revision, change: ConsentChange, brand: str | None) -> bool:
    """Whether a change is of some brand, or may be of all: a withdrawal always, a grant where that is declared."""
    is_of_one = (change.brand or brand) is not None
    return is_of_one or not change.granted or change.purpose in revision.catalogue.consent.group_wide
