"""A declared format, compiled: from a payload to its items, and from each item to a raw signal."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import msgspec

from shared.domain.catalogue.formats import Format
from shared.domain.errors import InvalidError
from shared.domain.normalising.raw import RawSignal, described
from shared.domain.normalising.shaped import Declared, Shaped

ALL_OTHERS = "*"
"""In `Batch.shared`: every field but that of the items."""


class FormatReader:
    """Reads the payloads of one declared format."""

    def __init__(self, declared: Format, schema: Declared) -> None:
        """Compile a format.

        Raises:
            InvalidError: a program of it is none.
        """
        self._shapes = [
            Shaped(shape, names, declared.programs, schema)
            for shape, names in zip(declared.shapes, declared.identifiers, strict=True)
        ]

    def __call__(self, item: Any) -> RawSignal:
        """The signal that an item is.

        Raises:
            InvalidError: with the field that does not fit.
        """
        if item.__class__ is not dict:
            raise InvalidError(f"expected an object, got {described(item)}")
        variables = {"item": item}
        for shape in self._shapes:
            if shape.when is None or shape.when(variables) is True:
                return shape.read(item)
        raise InvalidError(f"is none of these: {'; '.join(shape.name for shape in self._shapes)}")


def shared_fields(names: Mapping[str, Any], items: str, shared: tuple[str, ...]) -> list[str]:
    """The fields of a batch that hold for each of its items."""
    if shared == (ALL_OTHERS,):
        return [name for name in names if name != items]
    return [name for name in shared if name in names]


def items_of(body: Any, declared: Format) -> list[Any]:
    """The items of a body that is already decoded: an array, the format's own batch, or itself."""
    if isinstance(body, list):
        return body
    batch = declared.batch
    if batch is None or not isinstance(body, dict) or not isinstance(body.get(batch.items), list):
        return [body]
    shared = {name: body[name] for name in shared_fields(body, batch.items, batch.shared)}
    return [completed(item, shared) for item in body[batch.items]]


def opened(item: Any, encoded: Mapping[str, str]) -> Any:
    """An item with what some of its fields are base64 of; what is no JSON inside stays as it is.

    Raises:
        InvalidError: a field is not base64, or what is in it is nested too deep.
    """
    for name, here in encoded.items():
        if not isinstance(item, dict) or item.get(here) is not None or not isinstance(item.get(name), str):
            continue
        try:
            value = msgspec.json.decode(base64.b64decode(item[name], validate=True))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        except ValueError:
            raise InvalidError("is not base64", field=name) from None
        except RecursionError:
            raise InvalidError("is nested too deep", field=name) from None
        item = {**{key: held for key, held in item.items() if key != name}, here: value}
    return item


def completed(item: Any, shared: Mapping[str, Any]) -> Any:
    """An item with what its batch says of all of them; its own word goes first."""
    if not isinstance(item, dict) or not shared:
        return item
    whole = {**shared, **{name: value for name, value in item.items() if value is not None}}
    for name, value in shared.items():
        if isinstance(value, dict) and isinstance(whole[name], dict):
            whole[name] = {**value, **whole[name]}
    return whole
