"""TC strings of the IAB's Transparency and Consent Framework, version 2 up to TCF 2.3.

A core, then segments in any order, with a point between them. What a string says counts only where it keeps to the
rules of its policy version: a string that does not is no proof of anything.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from shared.domain.consent.bits import Bits, Places, Ranges
from shared.domain.errors import InvalidError

MOST_CHARACTERS = 16_384
DISCLOSURE_BEGAN = datetime(2026, 3, 1, tzinfo=UTC)
"""From this day on every string says which vendors were disclosed, whatever its policy version (TCF 2.3)."""

_POLICY_22, _POLICY_23 = 4, 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DISCLOSED, _ALLOWED, _PUBLISHER = 1, 2, 3
_NOT_ALLOWED, _ONLY_BY_CONSENT, _ONLY_BY_INTEREST = 0, 1, 2

TcfBasis = Literal["consent", "legitimate_interest"]


Numbers = Places | Ranges


class Restriction(msgspec.Struct, frozen=True):
    """That a publisher forbids vendors a purpose, or a basis for it."""

    purpose: int
    kind: int
    vendors: Ranges


class Spoken(msgspec.Struct, frozen=True):
    """What is allowed on each basis: to purposes, and of vendors where they are named."""

    consent: Numbers
    legitimate_interest: Numbers


class TcString(msgspec.Struct, frozen=True, kw_only=True):
    """What a TC string says.

    Attributes:
        last_updated: when the person chose, UTC; newer strings only tell the day, as its midnight.
        cmp_id: the consent management platform's number.
        vendor_list_version: of the Global Vendor List that was shown.
        policy_version: of the framework's policies: 5 is TCF 2.3.
        purposes: that any vendor may be allowed, by basis.
        vendors: that are allowed, by basis.
        restrictions: of the publisher.
        disclosed: vendors that the person was told of; None in strings from before that had to be said.
        publisher: purposes that the site itself is allowed; None where it did not ask for itself.
    """

    last_updated: datetime
    cmp_id: int
    vendor_list_version: int
    policy_version: int
    purposes: Spoken
    vendors: Spoken
    restrictions: tuple[Restriction, ...]
    disclosed: Numbers | None
    publisher: Spoken | None

    def allows(self, vendor: int, purpose: int, basis: TcfBasis) -> bool:
        """Whether a vendor may pursue a purpose on a basis."""
        forbidding = _ONLY_BY_INTEREST if basis == "consent" else _ONLY_BY_CONSENT
        return (
            purpose in getattr(self.purposes, basis)
            and vendor in getattr(self.vendors, basis)
            and not any(
                each.purpose == purpose and each.kind in (_NOT_ALLOWED, forbidding) and vendor in each.vendors
                for each in self.restrictions
            )
        )

    def allows_publisher(self, purpose: int, basis: TcfBasis) -> bool:
        """Whether the site itself may pursue a purpose on a basis."""
        return self.publisher is not None and purpose in getattr(self.publisher, basis)


def decode(text: str) -> TcString:
    """Read a TC string.

    Raises:
        InvalidError: it is none, or breaks a rule of its version; the text says where and how.
    """
    if len(text) > MOST_CHARACTERS:
        raise InvalidError(f"is longer than the {MOST_CHARACTERS} characters that a TC string may have")
    core, *further = text.split(".")
    bits = Bits(core, "core")
    version = bits.number(6, "the version")
    if version != 2:
        raise InvalidError(f"is of version {version}; only version 2, which TCF 2.0 to 2.3 write, is read")
    created, last_updated = _instant(bits, "the time of creation"), _instant(bits, "the time of the last update")
    if last_updated < created:
        raise bits.fault("was last updated before it was created")
    cmp_id = bits.number(12, "the CMP's id")
    bits.row(12 + 6, "the CMP's version and screen")
    bits.letters("the language")
    list_version = bits.number(12, "the vendor list's version")
    policy = bits.number(6, "the policy version")
    is_of_site = bits.flag("the scope")
    bits.row(1 + 12, "special features")
    purposes = Spoken(bits.places(24, "purposes consented to"), bits.places(24, "purposes of legitimate interest"))
    bits.row(1, "the treatment of purpose one")
    bits.letters("the publisher's country")
    vendors = Spoken(_vendors(bits, "vendors consented to"), _vendors(bits, "vendors of legitimate interest"))
    restrictions = _restrictions(bits)
    bits.end()
    segments = _segments(further)
    said = TcString(
        last_updated=last_updated,
        cmp_id=cmp_id,
        vendor_list_version=list_version,
        policy_version=policy,
        purposes=purposes,
        vendors=vendors,
        restrictions=restrictions,
        disclosed=_disclosed(segments),
        publisher=_publisher(segments),
    )
    _check(said, is_of_site=is_of_site)
    return said


def _check(said: TcString, *, is_of_site: bool) -> None:
    """What the framework's versions demand.

    Raises:
        InvalidError: the string is none that may be relied on.
    """
    policy = said.policy_version
    if policy >= _POLICY_22 and not is_of_site:
        raise InvalidError("is of global scope, which is invalid since TCF 2.2")
    if said.disclosed is None and (policy >= _POLICY_23 or said.last_updated >= DISCLOSURE_BEGAN):
        raise InvalidError("does not say which vendors were disclosed, as TCF 2.3 demands")


def _instant(bits: Bits, what: str) -> datetime:
    return _EPOCH + timedelta(milliseconds=100 * bits.number(36, what))


def _vendors(bits: Bits, what: str) -> Numbers:
    """The ids of a section of vendors, which is a field of bits or a list of ranges."""
    highest = bits.number(16, f"the highest id of {what}")
    if not bits.flag(f"the encoding of {what}"):
        return bits.places(highest, what)
    return _ranges(bits, what, highest)


def _ranges(bits: Bits, what: str, highest: int) -> Ranges:
    ranges = []
    for _ in range(bits.number(12, f"the number of ranges of {what}")):
        is_range = bits.flag(f"a range of {what}")
        first = bits.number(16, f"a range of {what}")
        last = bits.number(16, f"a range of {what}") if is_range else first
        if not 1 <= first <= last <= highest:
            raise bits.fault(f"{what}: no range goes from {first} to {last}, the highest id being {highest}")
        ranges.append((first, last))
    return Ranges(ranges)


def _restrictions(bits: Bits) -> tuple[Restriction, ...]:
    restrictions = []
    for _ in range(bits.number(12, "the number of publisher restrictions")):
        purpose = bits.number(6, "a restriction's purpose")
        kind = bits.number(2, "a restriction's type")
        restrictions.append(Restriction(purpose, kind, _ranges(bits, "a restriction's vendors", 0xFFFF)))
    return tuple(restrictions)


def _segments(encoded: list[str]) -> dict[int, Bits]:
    """The segments behind the core by their types."""
    segments: dict[int, Bits] = {}
    for number, each in enumerate(encoded, 2):
        bits = Bits(each, f"segment {number}")
        kind = bits.number(3, "its type")
        if kind not in (_DISCLOSED, _ALLOWED, _PUBLISHER):
            raise bits.fault(f"there is no type {kind}")
        if kind in segments:
            raise bits.fault(f"there is one of type {kind} already")
        segments[kind] = bits
    return segments


def _disclosed(segments: dict[int, Bits]) -> Numbers | None:
    """Vendors that the person was told of. Those allowed outside the framework, of old strings, are read over."""
    found: dict[int, Numbers] = {}
    for kind in segments.keys() & {_DISCLOSED, _ALLOWED}:
        found[kind] = _vendors(segments[kind], "vendors")
        segments[kind].end()
    return found.get(_DISCLOSED)


def _publisher(segments: dict[int, Bits]) -> Spoken | None:
    bits = segments.get(_PUBLISHER)
    if bits is None:
        return None
    spoken = Spoken(bits.places(24, "purposes consented to"), bits.places(24, "purposes of legitimate interest"))
    own = bits.number(6, "the number of own purposes")
    bits.row(2 * own, "own purposes")
    bits.end()
    return spoken
