"""Rights to object: a word against them is a flag of the person, which the catalogue's exclusions heed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.domain.catalogue.consent import Objection
from shared.domain.consent.words import ANY, Consent, key_of


def with_objections(
    flags: tuple[str, ...], consents: Mapping[str, Consent], objections: Iterable[Objection]
) -> tuple[str, ...]:
    """The flags of a person with these consents: whoever objects has the flag, whoever took it back has it no more, and
    where there is no word it is as it was.
    """
    for objection in objections:
        word = consents.get(key_of(ANY, objection.word, ANY))
        if word is None or (objection.flag in flags) != word.granted:
            continue
        flags = (
            tuple(flag for flag in flags if flag != objection.flag)
            if word.granted
            else tuple(sorted({*flags, objection.flag}))
        )
    return flags
