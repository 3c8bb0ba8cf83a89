"""What is said of consent, as a revision holds it: references to what is there, in an order that means nothing."""

from __future__ import annotations

from typing import get_args

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names
from shared.domain.catalogue import ConsentTerms, ModeUse, Objection, Tcf, TcfUse
from shared.domain.rules import Purpose

_BY_CONSENT_ONLY = frozenset({1, 3, 4, 5, 6})
"""Purposes that the framework allows on no other basis, since TCF 2.2 at the latest."""


def build_consent(file: forms.Consent, exclusions: frozenset[str], names: Names) -> ConsentTerms:
    """The terms, whatever the order in which they were written.

    Args:
        file: consent.yaml.
        exclusions: flags that exclude a person.
        names: what the files name.
    """
    for brand in file.tcf.vendors:
        names.refers("brand", brand, file.tcf, "vendors", brand)
    return ConsentTerms(
        group_wide=names.set_of(file, "group_wide"),
        tcf=Tcf(
            vendors=dict(sorted(file.tcf.vendors.items())),
            uses=tuple(sorted((_tcf_use(use, names) for use in file.tcf.uses), key=msgspec.json.encode)),
        ),
        consent_mode=tuple(sorted((_mode_use(use, names) for use in file.consent_mode), key=msgspec.json.encode)),
        objections=_objections(file.objections, exclusions, names),
    )


def _tcf_use(use: TcfUse, names: Names) -> TcfUse:
    if use.basis != "consent":
        for index, purpose in enumerate(use.tcf):
            if purpose in _BY_CONSENT_ONLY:
                place = names.place(use, "tcf", index)
                names.problems.add(place, f"purpose {purpose} of the framework needs consent: no other basis serves")
    return msgspec.structs.replace(use, tcf=names.set_of(use, "tcf"), channels=_channels(use, names))


def _mode_use(use: ModeUse, names: Names) -> ModeUse:
    return msgspec.structs.replace(use, signals=names.set_of(use, "signals"), channels=_channels(use, names))


def _channels(use: TcfUse | ModeUse, names: Names) -> tuple[str, ...]:
    for index, channel in enumerate(use.channels):
        names.refers("channel", channel, use, "channels", index)
    return names.set_of(use, "channels")


def _objections(objections: tuple[Objection, ...], exclusions: frozenset[str], names: Names) -> tuple[Objection, ...]:
    names.unique(objections, "objection", "word")
    for objection in objections:
        if objection.word in get_args(Purpose):
            names.problems.add(names.place(objection, "word"), f"{objection.word} is a purpose: it is consented to")
        if objection.flag and objection.flag not in exclusions:
            place = names.place(objection, "flag")
            message = f"no exclusion heeds the flag {objection.flag}"
            names.problems.add(place, message, wrote=objection.flag, known=exclusions)
    return tuple(sorted(objections, key=lambda each: each.word))
