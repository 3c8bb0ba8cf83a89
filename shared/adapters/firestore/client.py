"""A Firestore database: one client made at first use, calls with an end, and errors of the taxonomy."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
from google.api_core import exceptions
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import TransportError
from google.cloud import firestore
from google.cloud.firestore_v1.base_document import DocumentSnapshot
from google.cloud.firestore_v1.field_path import FieldPath

from shared.domain.errors import AlreadyExistsError, StaleError, TransientError
from shared.domain.ready import ready

T = TypeVar("T")
Snapshot = DocumentSnapshot[Any]

TIMEOUT_SECONDS = 6.0
"""Of one call with all its retries: several of them fit into the shortest acknowledgement deadline of 10 s only when
most are quick, which a healthy Firestore's are by two orders of magnitude."""

READ_AT_ONCE = 500
"""Documents of one read, so that it ends in that time."""

_PASSING = (
    exceptions.InternalServerError,
    exceptions.ServiceUnavailable,
    exceptions.TooManyRequests,
)
_TRANSIENT = (*_PASSING, exceptions.Cancelled, exceptions.GatewayTimeout, exceptions.RetryError, TransportError)
_STALE = (exceptions.Aborted, exceptions.FailedPrecondition, exceptions.NotFound)

_PLAIN_ID = re.compile(r"[A-Za-z0-9:@#|+=,.-][A-Za-z0-9:@#|+=,._-]{0,499}")


class Database:
    """One Firestore database of a project. The client is made at first use, since gRPC does not survive a fork."""

    def __init__(self, project: str, database: str = "(default)", *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Name a database; nothing is connected yet."""
        self._project = project
        self._database = database
        self._lock = threading.Lock()
        self._client: firestore.Client | None = None
        self._timeout = timeout_seconds
        self._retry = _retry(timeout_seconds, _PASSING)
        self._retry_contended = _retry(timeout_seconds, (*_PASSING, exceptions.Aborted))

    @property
    def client(self) -> firestore.Client:
        """The official client."""
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = firestore.Client(project=self._project, database=self._database)
        return self._client

    def close(self) -> None:
        """Close the connection, if there is one; the next use opens another."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def reference(self, collection: str, document: str) -> firestore.DocumentReference:
        """The document of a collection that stands for an id of ours, whatever characters it has."""
        return self.client.collection(collection).document(document_id(document))

    def get(self, reference: firestore.DocumentReference, *, fields: Sequence[str] | None = None) -> Snapshot:
        """One document, or of it these fields; or a snapshot that says it does not exist."""
        with reading():
            return reference.get(field_paths=fields, retry=self._retry, timeout=self._timeout)

    def get_all(self, references: Sequence[firestore.DocumentReference]) -> list[Snapshot]:
        """Documents that exist, in any order, in one batched read for each five hundred."""
        found: list[Snapshot] = []
        for start in range(0, len(references), READ_AT_ONCE):
            with reading():
                some = list(references[start : start + READ_AT_ONCE])
                snapshots = self.client.get_all(some, retry=self._retry, timeout=self._timeout)
                found += [snapshot for snapshot in snapshots if snapshot.exists]
        return found

    def query(self, query: Any) -> list[Snapshot]:
        """The documents that a query or a collection gives."""
        with reading():
            return list(query.stream(retry=self._retry, timeout=self._timeout))

    def commit(self, batch: firestore.WriteBatch, *, blind: bool = False, once: bool = False) -> list[str]:
        """Commit a batch, all or nothing; gives each document's new version, empty for a deleted one.

        A `blind` batch, whose writes do not depend on what was read, is tried again when others write the same. One
        that is sent `once` is never tried again, so that a guard that failed says for sure that nothing was written.

        Raises:
            StaleError: a guard failed.
            AlreadyExistsError: a document to be created exists.
            TransientError: it may not have been committed.
        """
        retry = None if once else self._retry_contended if blind else self._retry
        with writing():
            results = batch.commit(retry=retry, timeout=self._timeout)
        return [version_of(result.update_time) if result.update_time else "" for result in results]

    def guard(self, version: str) -> firestore.WriteOption:
        """The precondition that a document has this version still."""
        update_time = DatetimeWithNanoseconds.from_rfc3339(version)
        return self.client.write_option(last_update_time=update_time)


def _retry(timeout_seconds: float, on: tuple[type[Exception], ...]) -> Retry:
    return Retry(predicate=if_exception_type(*on), initial=0.03, maximum=0.5, multiplier=2.0, timeout=timeout_seconds)


@contextmanager
def reading() -> Iterator[None]:
    """Turn the driver's errors into the taxonomy's."""
    try:
        yield
    except _TRANSIENT as error:
        raise TransientError(f"Firestore: {error}") from error


@contextmanager
def writing() -> Iterator[None]:
    """Turn the driver's errors into the taxonomy's, guards' included."""
    try:
        yield
    except exceptions.AlreadyExists as error:
        raise AlreadyExistsError(f"Firestore: {error.message}") from error
    except _STALE as error:
        raise StaleError(f"Firestore: {error.message}") from error
    except _TRANSIENT as error:
        raise TransientError(f"Firestore: {error}") from error


def version_of(update_time: DatetimeWithNanoseconds) -> str:
    """A document's version: its update time to the nanosecond."""
    return str(update_time.rfc3339())


def document_id(text: str) -> str:
    """A document id for any text: itself where Firestore allows it, else a digest under a mark that no plain id has."""
    if _PLAIN_ID.fullmatch(text) and text not in {".", ".."}:
        return text
    return "~" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def path(*names: str) -> str:
    """A field path, quoted where it must be."""
    return str(FieldPath(*names).to_api_repr())


def fields_of(snapshot: Snapshot) -> dict[str, Any]:
    """The fields of a document, none where it does not exist.

    They are the snapshot's own: its `to_dict` copies them deeply first, which costs more than to receive a profile.
    """
    return snapshot._data or {}  # noqa: SLF001 - see above; each snapshot is read once and then let go


def encode(value: msgspec.Struct) -> dict[str, Any]:
    """A struct as fields: native values, except that times are RFC 3339 text, which is read twice as fast."""
    fields: dict[str, Any] = msgspec.to_builtins(value, builtin_types=(bytes,))
    return fields


def encode_update(value: msgspec.Struct) -> dict[str, Any]:
    """The update that makes a document's fields those of a struct: what it leaves out as default is deleted."""
    fields = encode(value)
    return {name: fields.get(name, firestore.DELETE_FIELD) for name in value.__struct_encode_fields__}


def decode(kind: type[T], snapshot: Snapshot) -> T:
    """A struct from a document that exists; fields that it does not know are left out."""
    return msgspec.convert(fields_of(snapshot), ready(kind))
