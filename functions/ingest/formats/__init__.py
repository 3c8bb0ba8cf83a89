"""Formats: how the payloads of each kind of source become signals. Each is pure.

Most are declared in the catalogue. Two are written here: our own, which is strict, and XDM, whose prefixes, envelopes
and two shapes of identities no table says as readably.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from functions.ingest.formats import adobe_xdm, canonical
from shared.domain.catalogue import Catalogue
from shared.domain.catalogue.formats import Batch, Headed
from shared.domain.normalising.coercion import read_texts
from shared.domain.normalising.formats import FormatReader
from shared.domain.normalising.raw import RawSignal
from shared.domain.normalising.shaped import Declared

__all__ = ["BUILT_IN", "Format", "RawSignal", "formats_of"]


class Format(NamedTuple):
    """How to read the payloads of one format.

    Attributes:
        read: one payload to a raw signal; raises InvalidError with the field that does not fit.
        identifiers: where its identifiers stand, for naming one that does not fit; empty for the top.
        batch: how several events share a body, besides as an array.
        headers: how events have their fields in headers of the request.
        encoded: the fields of an item that are base64 of JSON, by the field that it is here.
        is_strict: whether what is not declared is a mistake of the sender, since the format is our own.
    """

    read: Callable[[Any], RawSignal]
    identifiers: str = ""
    batch: Batch | None = None
    headers: Headed | None = None
    encoded: Mapping[str, str] = {}
    is_strict: bool = False


BUILT_IN: Mapping[str, Format] = {
    "canonical": Format(canonical.read, "identifiers", is_strict=True),
    "adobe-xdm": Format(adobe_xdm.read, "identityMap", batch=Batch(items="messages")),
}
"""By `Source.format`: those that are no files of a catalogue."""


def formats_of(catalogue: Catalogue) -> Mapping[str, Format]:
    """Every format that a source of a catalogue may name, ready to read.

    Raises:
        InvalidError: a program of a declared format is none.
    """
    schema = Declared(catalogue.profile_schema, catalogue.context_schema, catalogue.signals)
    declared = {
        form.id: Format(FormatReader(form, schema), batch=form.batch, headers=form.headers, encoded=form.encoded)
        for form in catalogue.formats
    }
    built_in = {name: form._replace(read=_typed(form.read, schema)) for name, form in BUILT_IN.items()}
    return {**declared, **built_in}


def _typed(read: Callable[[Any], RawSignal], schema: Declared) -> Callable[[Any], RawSignal]:
    """The same reading, with numbers, times and words for yes that came as texts in the types that are declared."""
    context = {name: attribute.type for name, attribute in schema.context.items()}
    kinds = {
        signal: {name: attribute.type for name, attribute in declared.properties.items()}
        for signal, declared in schema.signals.items()
    }

    def read_typed(payload: Any) -> RawSignal:
        raw = read(payload)
        return msgspec.structs.replace(
            raw,
            context=read_texts(raw.context, context),
            properties=read_texts(raw.properties, kinds.get(raw.type, {})),
        )

    return read_typed
