"""Attributing outcomes that name no delivery: by who it was and what was offered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from shared.domain.attribution import attributed
from shared.domain.catalogue import Action, Revision
from shared.domain.delivery import Delivery
from shared.domain.erasure import ERASED
from shared.domain.errors import ErasedError, InvalidError, NotFoundError
from shared.domain.identifiers import PERSON_ID, normalise, stored
from shared.domain.identity.links import Identifier, key_of
from shared.domain.identity.resolution import epoch
from shared.domain.profile import Person
from shared.ports import Catalogues, Contacts, Outcomes, Persons, behind

MOST_NAME = 200
"""Characters of an action's id that is looked for."""


class UnaskedError(NotFoundError):
    """Somebody did what an action asks for, and had none of its treatments within the window: it was not asked of them.

    Attributes:
        person_id: who.
        action: what.
    """

    def __init__(self, person_id: str, action: Action) -> None:
        super().__init__("no treatment of this action was had by this person within its attribution window")
        self.person_id = person_id
        self.action = action


class Attribute:
    """The use case over its ports."""

    def __init__(
        self, catalogues: Catalogues, persons: Persons, contacts: Contacts, outcomes: Outcomes, identifier_key: bytes
    ) -> None:
        """Find whom identifiers mean in `persons`, hashed with a key in the namespaces of the live revision."""
        self._catalogues = catalogues
        self._persons = persons
        self._contacts = contacts
        self._outcomes = outcomes
        self._key = identifier_key

    def __call__(
        self, identifiers: Mapping[str, Any], action: str, at: datetime, id_of: Callable[[str], str]
    ) -> Delivery:
        """The delivery that an outcome of an action at this time is of: the one that it was found to be of before,
        though persons merged since, or else the latest.

        Args:
            identifiers: whose it is.
            action: of which action.
            at: when it happened, UTC.
            id_of: the id that the outcome has, were it of a delivery of this id.

        Raises:
            InvalidError: an identifier cannot be one, or there is no such action.
            NotFoundError: nobody is known by them.
            UnaskedError: they had none of this action's treatments within its window.
            TransientError: a store did not answer.
        """
        revision = self._catalogues.current().revision
        if len(action) > MOST_NAME:
            raise InvalidError("there is no such action", field="action")
        person = self._person(revision, identifiers, at)
        ids = sorted({person.person_id, *person.fragments})
        deliveries = self._contacts.deliveries_of(ids, action)
        had = [each for each in deliveries if each.state in ("sent", "presented")]
        observed = self._outcomes.observed([each.delivery_id for each in had]) if had else {}
        for each in had:
            known = observed.get(each.delivery_id)
            if known is not None and id_of(each.delivery_id) in known.value.outcomes:
                return each
        seen = {key for key, each in observed.items() if "impression" in each.value.first()}
        found = attributed(had, seen, revision.channels, at)
        if found is None:
            if action not in revision.actions:  # nor was it of a canary, or of what was live before
                raise InvalidError("there is no such action", field="action")
            raise UnaskedError(person.person_id, revision.action(action))
        return found

    def _person(self, revision: Revision, identifiers: Mapping[str, Any], at: datetime) -> Person:
        """The person of the strongest identifier that is known."""
        keys = self._keys(revision, identifiers, at)
        known = {key: each.value for key, each in self._persons.identifiers(keys).items()}
        for key in keys:
            identifier = known.get(key)
            if identifier is None or identifier.shared or identifier.rule == ERASED:
                continue
            try:
                found = behind(self._persons, self._anchored(identifier).person_id)
            except ErasedError:
                continue
            if found is not None:
                return found.value
        raise NotFoundError("nobody is known by these identifiers")

    def _anchored(self, identifier: Identifier) -> Identifier:
        """What an identifier hangs on, itself where it hangs on nothing."""
        anchor = self._persons.identifiers([identifier.anchor]).get(identifier.anchor) if identifier.anchor else None
        return anchor.value if anchor is not None else identifier

    def _keys(self, revision: Revision, identifiers: Mapping[str, Any], at: datetime) -> list[str]:
        known, keys = revision.namespaces, {}
        for name, value in identifiers.items():
            namespace, normal = normalise(name, value)
            if namespace not in known or namespace == PERSON_ID:
                names = ", ".join(sorted({*known, "email", "phone"} - {PERSON_ID}))
                raise InvalidError(f"unknown namespace; one of {names}", field=f"identifiers.{name}")
            declared = known[namespace]
            key = key_of(namespace, stored(self._key, namespace, normal), epoch(declared, at))
            keys[key] = (-declared.priority, namespace)
        return sorted(keys, key=lambda key: keys[key])
