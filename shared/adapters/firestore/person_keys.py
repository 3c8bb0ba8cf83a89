"""The tree of persons' keys in a Firestore database of its own, which keeps no past: a key that is destroyed there is
in no backup and, an hour later, in no earlier version.
"""

from __future__ import annotations

from collections.abc import Sequence

from shared.adapters.firestore.client import TIMEOUT_SECONDS, Database, decode, encode, version_of
from shared.adapters.key_wrappers import wrapper
from shared.adapters.person_keys import Branch, TreeOfKeys, Write
from shared.adapters.sealing import Sealer
from shared.domain.errors import AlreadyExistsError, StaleError

PERSON_KEYS = "person_keys"
DATABASE = "person-keys"


class Documents:
    """The documents of the tree: one of the collection `person_keys` each."""

    def __init__(self, database: Database) -> None:
        """Keep them in `database`."""
        self._database = database

    def read(self, name: str) -> tuple[Branch, str] | None:
        """A document and its version, None where there is none."""
        snapshot = self._database.get(self._database.reference(PERSON_KEYS, name))
        return (decode(Branch, snapshot), version_of(snapshot.update_time)) if snapshot.exists else None

    def write(self, writes: Sequence[Write]) -> None:
        """Write all or none, in one guarded commit."""
        batch = self._database.client.batch()
        for name, content, version in writes:
            reference = self._database.reference(PERSON_KEYS, name)
            if version is None:
                batch.create(reference, encode(content))
            else:
                batch.update(reference, encode(content), option=self._database.guard(version))
        try:
            self._database.commit(batch)
        except AlreadyExistsError as error:
            raise StaleError(str(error)) from error


def tree_of_keys(project: str, wrapped_by: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> TreeOfKeys:
    """The keys of a project's persons; what Firestore does not answer within `timeout_seconds` fails.

    Raises:
        ValueError: `wrapped_by` names no wrapper.
    """
    database = Database(project, DATABASE, timeout_seconds=timeout_seconds)
    return TreeOfKeys(Documents(database), wrapper(wrapped_by, project))


def sealer(project: str, wrapped_by: str) -> Sealer:
    """What seals with them."""
    return Sealer(tree_of_keys(project, wrapped_by))
