"""Content fragments: what a content service says of a treatment, beside what the treatment says itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from markupsafe import Markup

from shared.domain.catalogue import ContentService, Fragment
from shared.domain.outgoing import at, fill, in_url

MOST_BYTES = 262_144
"""Of a fragment's answer."""


def address(service: ContentService, fragment: Fragment, language: str) -> str:
    """Where a fragment is, in a language."""
    path = "/".join(map(in_url, fragment.path.split("/")))
    url = service.url.replace("${fragment}", path)
    return str(fill(service.id, url, {"language": language}, escaped=in_url))


def fields(service: ContentService, body: bytes) -> Mapping[str, str]:
    """The fields that an answer has of those that the service declares; what is no text is left out. Markup is the
    content team's own, and is not escaped where markup stands.
    """
    try:
        told: Any = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    found = {name: at(told, field.path) for name, field in service.fields.items()}
    return {
        name: Markup(text) if service.fields[name].markup else text  # noqa: S704 - what it is for
        for name, text in found.items()
        if isinstance(text, str) and text
    }
