"""Callbacks of providers: what they name is there, and their secrets are those that feedback may read."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names, by_id
from shared.domain.catalogue import Callback, OidcToken, PublicKey
from shared.domain.catalogue.callbacks import DELIVERY_ID, REFERENCE, SECRETS


def build_callbacks(file: forms.Callbacks, formats: Mapping[str, forms.Format], names: Names) -> tuple[Callback, ...]:
    """The callbacks, in the order of their ids."""
    names.unique(file.callbacks, "callback")
    for callback in file.callbacks:
        for index, channel in enumerate(callback.channels):
            names.refers("channel", channel, callback, "channels", index)
        _check_format(callback, formats, names)
        _check_ways(callback, names)
    return tuple(
        msgspec.structs.replace(
            each,
            channels=names.set_of(each, "channels"),
            outcomes=dict(sorted(each.outcomes.items())),
            authentication=tuple(sorted(each.authentication, key=msgspec.json.encode)),
        )
        for each in by_id(file.callbacks)
    )


def _check_format(callback: Callback, formats: Mapping[str, forms.Format], names: Names) -> None:
    place, form = names.place(callback, "format"), formats.get(callback.format)
    if form is None:
        names.problems.add(place, f"there is no formats/{callback.format}.yaml", wrote=callback.format, known=formats)
        return
    if not any({DELIVERY_ID, REFERENCE} & shape.identifiers.keys() for shape in form.shapes):
        message = f"the format {callback.format} reads neither {DELIVERY_ID} nor {REFERENCE}: of which message is it?"
        names.problems.add(place, message)
    named = {word for shape in form.shapes for word in shape.type.names.values()}
    closed = all(shape.type.others == "refused" and not shape.type.by for shape in form.shapes)
    for kind in callback.outcomes if closed else ():
        if kind not in named:
            message = f"the format {callback.format} names no event {kind}"
            names.problems.add(names.place(callback, "outcomes", kind), message, wrote=kind, known=named)


def _check_ways(callback: Callback, names: Names) -> None:
    for index, way in enumerate(callback.authentication):
        place = names.place(callback, "authentication", index)
        if isinstance(way, PublicKey):
            names.problems.add(place, "a provider is no page: it has a key of its own")
        elif not isinstance(way, OidcToken) and not way.secret.startswith(SECRETS):
            names.problems.add(place, f"a provider's secret has a name that begins with {SECRETS}")
