"""A profile as a document of Firestore: sealed whole under its person's key, but for what is asked for by name.

Fields: `sealed`, the profile; `audiences`, by which scheduled waves find persons; or, of a person who was erased,
`erased_at` alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from google.cloud import firestore

from shared.adapters.firestore.client import Snapshot, fields_of
from shared.adapters.sealing import Sealer
from shared.domain.errors import ErasedError, OversizedError
from shared.domain.profile import Person
from shared.domain.ready import ready

_PURPOSE = "profile"

MOST_SEALED = 1_000_000
"""Bytes of one sealed profile. A document of Firestore holds 1 MiB, in which audiences have their place too."""


def encode_profile(sealer: Sealer, profile: Person) -> dict[str, Any]:
    """A profile as fields; they replace all that the document has.

    Raises:
        ErasedError: its person was erased.
        OversizedError: it is larger than a document may be.
    """
    sealed = sealer.seal(profile.person_id, _PURPOSE, msgspec.json.encode(profile))
    if len(sealed) > MOST_SEALED:
        raise OversizedError(f"the profile of {profile.person_id} would be {len(sealed):,} bytes, more than a document")
    return {"sealed": sealed, "audiences": list(profile.audiences)}


def decode_profile(sealer: Sealer, snapshot: Snapshot, person_id: str) -> Person:
    """A profile from a document that exists.

    Raises:
        ErasedError: its person was erased.
        PermanentError: it does not open with this person's key.
    """
    fields = fields_of(snapshot)
    if "erased_at" in fields:
        raise ErasedError(f"person {person_id} was erased")
    return msgspec.json.decode(sealer.open(person_id, _PURPOSE, fields["sealed"]), type=ready(Person))


def encode_erased(at: datetime) -> dict[str, Any]:
    """The update that puts `erased` in a profile's place."""
    return {"erased_at": at, "sealed": firestore.DELETE_FIELD, "audiences": firestore.DELETE_FIELD}
