"""What is held about a person, on one page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from functions.persons.finding import Find
from shared.domain.consent import Consent
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_past import Folded
from shared.domain.identity.links import Graph, Identifier, Link, namespace_of, value_of
from shared.domain.identity.resolution import is_held
from shared.domain.profile import Person
from shared.ports import Catalogues, Contacts, Persons

SHORT = 12
"""Digits of an identifier's keyed hash that tell it from the others of a person."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Which signal said so, sent by whom, when it happened, by which rule."""

    signal_id: str
    source: str
    at: datetime
    rule: str


class Named(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier as it is shown: its namespace, and the first digits of its keyed hash."""

    namespace: str
    value: str


class ShownIdentifier(Named, frozen=True, kw_only=True):
    """An identifier of a person.

    Attributes:
        person_id: under which id it entered.
        evidence: what it was linked by first.
        shared: whether it met more persons than it may, and links to nobody any more.
    """

    person_id: str
    evidence: Evidence
    shared: bool = False


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """Two identifiers that were seen together and are not taken for one person's, and why."""

    one: Named
    other: Named
    reason: str
    evidence: Evidence


class ShownContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact, or several of the past that were merged into one entry.

    Attributes:
        person_id: as whom the person was contacted.
        at: when it was reserved, or began to be sent.
        stands_for: how many contacts.
    """

    person_id: str
    treatment: str
    channel: str
    state: str
    at: datetime
    outcomes: dict[str, datetime]
    stands_for: int = 1


class FormerPerson(msgspec.Struct, frozen=True, kw_only=True):
    """One of the persons that turned out to be this one."""

    person_id: str
    created_at: datetime


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What is held about a person.

    Attributes:
        made_of: the persons that turned out to be this one, itself among them; none of one that never merged.
        attributes: with the values of signal features among them.
        forgotten: contacts of long ago that are not held any more.
    """

    person_id: str
    version: int
    created_at: datetime
    made_of: list[FormerPerson]
    identifiers: list[ShownIdentifier]
    apart: list[Apart]
    brands: tuple[str, ...]
    products: tuple[str, ...]
    flags: tuple[str, ...]
    audiences: tuple[str, ...]
    reachable: tuple[str, ...]
    attributes: dict[str, Any]
    consents: dict[str, Consent]
    contacts: list[ShownContact]
    forgotten: int


class ShowPerson:
    """The use case over its ports."""

    def __init__(self, find: Find, catalogues: Catalogues, persons: Persons, contacts: Contacts) -> None:
        """Show whom `find` finds, with the features of the live revision."""
        self._find = find
        self._catalogues = catalogues
        self._persons = persons
        self._contacts = contacts

    def __call__(self, identifiers: dict[str, Any], now: datetime) -> Shown:
        """What is held about the person of an identifier.

        Raises:
            InvalidError: it is not exactly one, or can be none.
            NotFoundError: nobody is known by it.
            ErasedError: the person was erased.
        """
        person = self._find(identifiers, now).person.value
        seen = self._catalogues.current().features.seen(person, now)
        ids = [person.person_id, *sorted({*person.fragments} - {person.person_id})]
        history = self._contacts.history(person.person_id).value
        return Shown(
            person_id=person.person_id,
            version=person.version,
            created_at=person.created_at,
            made_of=[FormerPerson(person_id=each, created_at=it.created_at) for each, it in person.fragments.items()],
            identifiers=[_identifier(each) for each in self._persons.identifiers_of(ids) if is_held(each, person)],
            apart=list(apart(person.graph)),
            brands=person.brands,
            products=person.products,
            flags=person.flags,
            audiences=person.audiences,
            reachable=person.reachable,
            attributes=seen.attributes,
            consents=person.consents,
            contacts=sorted(_contacts(person, history), key=lambda contact: contact.at, reverse=True),
            forgotten=history.past.forgotten,
        )


def named(key: str) -> Named:
    """An identifier as it is shown, from its key."""
    return Named(namespace=namespace_of(key), value=value_of(key)[:SHORT])


def evidence_of(given: Link | Identifier) -> Evidence:
    """The evidence for a link, or for an identifier."""
    return Evidence(signal_id=given.signal_id, source=given.source, at=given.at, rule=given.rule)


def apart(graph: Graph) -> Iterator[Apart]:
    """The links of a graph that a rule or an operator refused."""
    for link, reason in refused(graph):
        yield apart_by(link, reason)


def apart_by(link: Link, reason: str) -> Apart:
    """Two identifiers that a refused link would have joined."""
    return Apart(one=named(link.stronger), other=named(link.weaker), reason=reason, evidence=evidence_of(link))


def refused(graph: Graph) -> Iterator[tuple[Link, str]]:
    """The links of a graph that a rule or an operator refused, and why."""
    for each, link in sorted(graph.links.items()):
        refusal = graph.refusals.get(each)
        reason = f"{refusal.operator}: {refusal.reason}" if refusal else graph.conflicts.get(each)
        if reason:
            yield link, reason


def _identifier(identifier: Identifier) -> ShownIdentifier:
    return ShownIdentifier(
        namespace=identifier.namespace,
        value=identifier.value[:SHORT],
        person_id=identifier.person_id,
        evidence=evidence_of(identifier),
        shared=identifier.shared,
    )


def _contacts(person: Person, history: ContactHistory) -> Iterator[ShownContact]:
    for person_id, part in (history.parts or {person.person_id: history}).items():
        held: list[Contact | Folded] = [*part.contacts.values(), *part.past.contacts]
        for contact in held:
            yield ShownContact(
                person_id=person_id,
                treatment=contact.treatment,
                channel=contact.facts()["channel"],
                state=contact.state,
                at=contact.at,
                outcomes=contact.outcomes,
                stands_for=contact.stands_for if isinstance(contact, Folded) else 1,
            )
