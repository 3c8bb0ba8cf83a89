"""Identity resolution: whose signal it is (`domain.md` 3).

Deterministic: an identifier points at one person. A signal that points at two is recorded as a conflict and goes on
with the person of its highest-priority identifier.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from shared.domain.catalogue import Namespace
from shared.domain.identity.links import Conflict, Identifier
from shared.domain.profile import Profile


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """Whose signal it is.

    Attributes:
        person_id: the person, None where a new one is to be created.
        joins: namespaces whose identifiers are to be linked to the person.
        conflicts: what stood against it.
    """

    person_id: str | None
    joins: tuple[str, ...]
    conflicts: tuple[Conflict, ...] = ()


def by_priority(identifiers: Mapping[str, str], namespaces: Mapping[str, Namespace]) -> list[str]:
    """The namespaces of a signal, strongest first; ties by name."""
    return sorted(identifiers, key=lambda ns: (-namespaces[ns].priority, ns))


def whose(
    identifiers: Mapping[str, str], links: Mapping[str, Identifier], namespaces: Mapping[str, Namespace]
) -> str | None:
    """The person of the strongest linked identifier, None where none is linked."""
    return next((links[ns].person_id for ns in by_priority(identifiers, namespaces) if ns in links), None)


def resolve(
    identifiers: Mapping[str, str],
    links: Mapping[str, Identifier],
    profile: Profile | None,
    namespaces: Mapping[str, Namespace],
) -> Resolution:
    """Whose signal it is.

    Args:
        identifiers: the signal's, namespace to keyed hash.
        links: those of them that are linked already, by namespace.
        profile: of the person that `whose` named, None where it named nobody.
        namespaces: the catalogue's, by id.
    """
    order = by_priority(identifiers, namespaces)
    person_id = profile.person_id if profile else None
    conflicts: list[Conflict] = []
    if profile is not None:
        contradicting = [
            ns
            for ns in order
            if ns not in links and namespaces[ns].unique and profile.unique.get(ns, identifiers[ns]) != identifiers[ns]
        ]
        conflicts += [
            Conflict(
                namespace=ns, person_id=profile.person_id, reason=f"person has another {ns}, of which there is one"
            )
            for ns in contradicting
        ]
        # A person named by its canonical id has no link among these, and no identifier is stronger than that id.
        strongest_link = next((position for position, ns in enumerate(order) if ns in links), -1)
        if contradicting and order.index(contradicting[0]) < strongest_link:
            # The strongest identifier is new and cannot be this person's: it founds a person of its own.
            return Resolution(
                person_id=None, joins=tuple(ns for ns in order if ns not in links), conflicts=tuple(conflicts)
            )
        order = [ns for ns in order if ns not in contradicting]
    conflicts += [
        Conflict(namespace=ns, person_id=links[ns].person_id, reason=f"{ns} points at another person")
        for ns in order
        if ns in links and links[ns].person_id != person_id
    ]
    return Resolution(
        person_id=person_id,
        joins=tuple(ns for ns in order if ns not in links),
        conflicts=tuple(conflicts),
    )
