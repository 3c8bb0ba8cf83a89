"""Identifiers: from a source's own names and raw values to our namespaces and keyed hashes (`domain.md` 2)."""

from __future__ import annotations

import re
from typing import Any

from functions.ingest.formats import Format, RawSignal
from functions.ingest.suggestions import unknown
from shared.domain.catalogue import Revision, Source
from shared.domain.errors import InvalidError
from shared.domain.identifiers import PERSON_ID, check_source, keyed_hash, normalise, stored

MAX_IDENTIFIERS = 20

RAW_NAMESPACES = {"email": "email_sha256", "phone": "phone_sha256"}
"""What may be sent raw, and where its SHA-256 is kept."""

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class Identified:
    """Whose signal it is.

    Attributes:
        kept: namespace to keyed hash.
        others: identifiers that have no namespace here, a second one of a namespace, or a value that identifies nobody:
            by the source's name, hashed.
        emails: the raw addresses among them.
        phones: the raw numbers among them.
        raw: all others, as they were sent.
    """

    def __init__(
        self, revision: Revision, source: Source, form: Format, raw: RawSignal, sent_by: str, key: bytes
    ) -> None:
        """Read the identifiers of a signal that `sent_by` says to have sent in a format.

        Raises:
            InvalidError: one of them cannot be what it says to be, or none says whose signal it is.
        """
        self.kept: dict[str, str] = {}
        self.others: dict[str, list[str]] = {}
        self.emails: list[str] = []
        self.phones: list[str] = []
        self.raw: list[str] = []
        self._revision = revision
        self._source = source
        self._strict = form.is_strict
        self._inside = form.identifiers
        self._folded = {name.casefold(): namespace for name, namespace in source.identifiers.items()}
        self._sent_by = sent_by
        self._key = key
        if len(raw.identifiers) + sum(map(len, raw.further.values())) > MAX_IDENTIFIERS:
            raise InvalidError(f"has more than {MAX_IDENTIFIERS} identifiers", field="identifiers")
        for name, value in raw.identifiers.items():
            self._add(name, value)
        for name, values in raw.further.items():
            for value in values:
                self._keep_aside(name, value)
        if not self.kept:
            bad = sorted(name for name, value in raw.identifiers.items() if revision.bad_values.has(value))
            names = (
                sorted({*revision.namespaces, *RAW_NAMESPACES} - {PERSON_ID}) if self._strict else source.identifiers
            )
            told = f" ({', '.join(bad)} has a value that identifies nobody)" if bad else ""
            raise InvalidError(
                f"none that says whose signal it is{told}; send at least one of {', '.join(names)}", field="identifiers"
            )

    def _add(self, name: str, value: Any) -> None:
        field = f"{self._inside}.{name}" if self._inside else name
        namespace = self._namespace(name, field)
        if namespace is None:
            self._keep_aside(name, value)
            return
        check_source(namespace, self._sent_by, field=field)
        identifies_nobody = self._revision.bad_values.has(value)
        if identifies_nobody and not self._strict:
            self._keep_aside(name, value)
            return
        sendable = namespace if self._strict else _sendable(namespace, value)
        try:
            kept_as, normal = normalise(sendable, value)
        except InvalidError as error:
            if self._strict or sendable not in RAW_NAMESPACES:
                raise InvalidError(error.detail, field=field) from None
            self._keep_aside(name, value)  # a trait of this name is not always an address
            return
        if identifies_nobody:
            self._keep_aside(name, value)
            return
        if kept_as != PERSON_ID:
            raw = {"email": self.emails, "phone": self.phones}.get(sendable, self.raw)
            raw.append(normal if raw is self.raw else str(value))
        hashed = stored(self._key, kept_as, normal)
        if self.kept.setdefault(kept_as, hashed) != hashed:
            if self._strict:
                raise InvalidError(f"contradicts another value of {kept_as}", field=field)
            self._keep_aside(name, value)

    def _namespace(self, name: str, field: str) -> str | None:
        """Our namespace for a source's name of an identifier; None where a foreign source's mapping has none."""
        if not self._strict:
            return self._source.identifiers.get(name, self._folded.get(name.casefold()))
        namespace = self._source.identifiers.get(name, name)
        if namespace in self._revision.namespaces or namespace in RAW_NAMESPACES:
            return namespace
        raise InvalidError(unknown("namespace", (*self._revision.namespaces, *RAW_NAMESPACES), name), field=field)

    def _keep_aside(self, name: str, value: Any) -> None:
        if not self._revision.bad_values.has(value):
            self.raw.append(str(value).strip())
        hashed = "hmac:" + keyed_hash(self._key, name, str(value))[:16]
        if hashed not in self.others.setdefault(name, []):
            self.others[name].append(hashed)


def _sendable(namespace: str, value: Any) -> str:
    """The namespace to read a foreign source's value as: what is mapped to `email_sha256` may come raw or hashed."""
    for raw, hashed in RAW_NAMESPACES.items():
        if namespace == hashed and not (isinstance(value, str) and _SHA256.fullmatch(value.strip())):
            return raw
    return namespace
