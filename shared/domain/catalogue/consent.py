"""What a catalogue says of consent: whose words count for the whole group, and what proofs made by others mean here."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.part import Name, Part
from shared.domain.rules import Purpose

TcfPurpose = Annotated[int, Meta(ge=1, le=11)]
ProofKind = Literal["tcf", "gcs", "gcd", "consent_mode"]
"""What others write of a person's consents."""

VendorId = Annotated[int, Meta(ge=1, le=65535)]


class TcfUse(Part, frozen=True, kw_only=True):
    """A use of ours that a TC string speaks of.

    Attributes:
        tcf: purposes of the framework, by number: each must be allowed.
        purpose: ours.
        channels: ids of channels; all of them where there is none.
        basis: on which they must be allowed.
    """

    tcf: Annotated[tuple[TcfPurpose, ...], Meta(min_length=1)]
    purpose: Purpose
    channels: tuple[str, ...] = ()
    basis: Literal["consent", "legitimate_interest"] = "consent"


class Tcf(Part, frozen=True, kw_only=True):
    """What TC strings mean here.

    Attributes:
        vendors: brands that are on the Global Vendor List, each with its number there; any other is spoken of as the
            publisher of its own site.
        uses: ours.
    """

    vendors: dict[str, VendorId] = msgspec.field(default_factory=dict)
    uses: tuple[TcfUse, ...] = ()


class ModeUse(Part, frozen=True, kw_only=True):
    """A use of ours that Google's Consent Mode speaks of.

    Attributes:
        signals: of Consent Mode: each must be granted.
        purpose: ours.
        channels: ids of channels; all of them where there is none.
    """

    signals: Annotated[
        tuple[Literal["ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"], ...],
        Meta(min_length=1),
    ]
    purpose: Purpose
    channels: tuple[str, ...] = ()


class Objection(Part, frozen=True, kw_only=True):
    """A right to object that is exercised as a consent is withdrawn, for every brand and channel.

    Attributes:
        word: what signals call it among their consents: false objects, true takes it back.
        flag: what profile.flags has as long as the person objects.
    """

    word: Name
    flag: Name


class ConsentTerms(Part, frozen=True, kw_only=True):
    """What a catalogue says of consent.

    Attributes:
        group_wide: purposes for which a grant that names no brand serves every brand; of any other it serves none. A
            withdrawal that names no brand is always from all of them.
        tcf: what TC strings mean.
        consent_mode: what Consent Mode means.
        objections: rights to object.
    """

    group_wide: tuple[Purpose, ...] = ()
    tcf: Tcf = Tcf()
    consent_mode: tuple[ModeUse, ...] = ()
    objections: tuple[Objection, ...] = ()
