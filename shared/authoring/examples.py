"""Examples of a format: what each payload becomes is what its author expects, or the build says where it differs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names
from shared.authoring.places import Place
from shared.domain.catalogue import Format
from shared.domain.errors import InvalidError
from shared.domain.normalising.formats import FormatReader, items_of, opened
from shared.domain.normalising.raw import RawSignal


def check_examples(file: forms.Examples, declared: Format, reader: FormatReader, names: Names) -> None:
    """Note every field of an example that becomes something else than it says."""
    for example in file.examples:
        items = items_of(example.given, declared)
        if len(items) != len(example.expect):
            message = f"{len(items)} items are given and {len(example.expect)} expected"
            names.problems.add(names.place(example, "expect"), message)
            continue
        for item, expected in zip(items, example.expect, strict=True):
            _check(item, expected, declared, reader, names)


def _check(item: Any, expected: forms.Expected, declared: Format, reader: FormatReader, names: Names) -> None:
    try:
        signal = reader(opened(item, declared.encoded))
    except InvalidError as error:
        if expected.refused is None:
            where = f"{error.field}: " if error.field else ""
            names.problems.add(names.place(expected), f"is refused: {where}{error.detail}")
        elif expected.refused not in error.detail:
            names.problems.add(names.place(expected, "refused"), f"is refused otherwise: {error.detail}")
        elif expected.field is not None and expected.field != error.field:
            names.problems.add(names.place(expected, "field"), f"is refused for {error.field or 'the item as a whole'}")
        return
    if expected.refused is not None:
        names.problems.add(names.place(expected, "refused"), f"is taken, as {signal.type}")
        return
    told = _told(signal)
    for field in expected.__struct_fields__:
        wanted = getattr(expected, field)
        if wanted is not None:
            wanted = wanted if field == "at" else msgspec.json.decode(msgspec.json.encode(wanted))
            if field == "consent":  # in no order
                wanted, told[field] = (sorted(each, key=_in_order) for each in (wanted, told[field]))
            _compare(told[field], wanted, names.place(expected, field), names)


def _in_order(consent: dict[str, Any]) -> tuple[str, str, bool]:
    return consent["purpose"], consent["channel"], consent["granted"]


def _told(signal: RawSignal) -> dict[str, Any]:
    """A signal in the words of an expectation."""
    consent = [
        {"purpose": change.purpose, "channel": change.channel or "", "granted": change.granted}
        for change in signal.consent
    ]
    return {
        "id": signal.id,
        "type": signal.type,
        "at": signal.at.astimezone(UTC) if signal.at else None,
        "identifiers": signal.identifiers,
        "brand": signal.brand,
        "context": signal.context,
        "properties": signal.properties,
        "consent": consent,
        "proofs": {proof.kind: proof.said for proof in signal.proofs},
        "attributes": signal.attributes,
        "refused": None,
        "field": None,
    }


def _compare(found: Any, wanted: Any, place: Place, names: Names) -> None:
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in wanted.keys() - found.keys():
            names.problems.add(place.into(name), "is not there", wrote=name, known=found.keys() - wanted.keys())
        for name in sorted(found.keys() - wanted.keys()):
            names.problems.add(place, f"has {name} besides: {_shown(found[name])}")
        for name in wanted.keys() & found.keys():
            _compare(found[name], wanted[name], place.into(name), names)
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        for index, (one, other) in enumerate(zip(found, wanted, strict=True)):
            _compare(one, other, place.into(index), names)
    elif found != wanted or isinstance(found, bool) != isinstance(wanted, bool):
        names.problems.add(place, f"is {_shown(found)}")


def _shown(value: Any) -> str:
    text = msgspec.json.encode(value).decode() if not isinstance(value, datetime) else value.isoformat()
    return text if len(text) <= 80 else f"{text[:80]}…"
