"""Unmerge: an operator takes apart who is not one person, with a reason.

The links that made them one are refused from then on, and the partition is made again from the log of the others. It is
one guarded commit: each person has again what was its own, contact history included, and what came to it in between.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from functions.identity.people import People
from functions.persons.explaining import Linked, between
from functions.persons.finding import Find, Found, both
from functions.persons.showing import evidence_of, named
from shared.domain.errors import InvalidError, StaleError, TransientError
from shared.domain.identity.evidence import Step
from shared.domain.identity.links import Refusal
from shared.domain.identity.partition import Strength
from shared.domain.identity.rebuilding import Rebuilt
from shared.domain.profile import Person
from shared.ports import Catalogues, Versioned

ATTEMPTS = 8
"""Tries of the guarded commit before the operator is asked to try again."""


class Unmerged(msgspec.Struct, frozen=True, kw_only=True):
    """What an unmerge comes to.

    Attributes:
        done: whether it was done, or only asked what it would do.
        refused: the links that are no evidence any more.
        persons: those that there are then, each with the former persons that it is made of.
    """

    done: bool
    refused: list[Linked]
    persons: dict[str, list[str]]


class Unmerge:
    """The use case over its ports."""

    def __init__(self, find: Find, catalogues: Catalogues, people: People) -> None:
        """Rewrite persons with `people`, by the namespaces of the live revision."""
        self._find = find
        self._catalogues = catalogues
        self._people = people

    def __call__(
        self, one: dict[str, Any], other: dict[str, Any], *, reason: str, operator: str, now: datetime, do: bool
    ) -> Unmerged:
        """Take two identifiers, or former persons, apart.

        Raises:
            InvalidError: they are not one person, or are the same identifier; or no reason is given.
            NotFoundError: nobody is known by one of them.
            ErasedError: one of them was erased.
            TransientError: contention did not end, or the store did not answer.
        """
        if not reason.strip():
            raise InvalidError("say why, for whoever asks later", field="reason")
        for _ in range(ATTEMPTS):
            try:
                return self._once(one, other, Refusal(reason=reason, operator=operator, at=now), now, do=do)
            except StaleError:
                continue  # somebody wrote the person meanwhile: their work is read and built on
        raise TransientError("the person is contended; try again")

    def _once(
        self, one: dict[str, Any], other: dict[str, Any], refusal: Refusal, now: datetime, *, do: bool
    ) -> Unmerged:
        first, second = both(self._find, one, other, now)
        if first.person.value.person_id != second.person.value.person_id:
            raise InvalidError("they are not one person", field="other")
        revision = self._catalogues.current().revision
        strength = Strength(revision.namespaces)
        cut = cut_between(first, second, strength)
        read = self._people.tied([first.person], strength)
        held = read[first.person.value.person_id].value.graph.members
        while True:  # what is refused may have stood in the way of other evidence for the same
            hung = [step.link for step in cut if step.link in (*first.hanging, *second.hanging)]
            rebuilt = self._people.rebuilt(
                read,
                strength,
                now,
                members={link.weaker: held[link.stronger] for link in hung},
                links=hung,
                refusals={step.link.id: refusal for step in cut},
                objections=revision.catalogue.consent.objections,
            )
            besides = _joined_again(first, second, rebuilt, strength)
            if not besides:
                break
            cut += besides
        if do:
            self._people.write(read, rebuilt)
        parts = {rebuilt.person_of[key] for key in (*held, *(link.weaker for link in hung))}
        return Unmerged(
            done=do,
            refused=[Linked(start=named(s.start), end=named(s.end), evidence=evidence_of(s.link)) for s in cut],
            persons={each: sorted(rebuilt.persons[each].fragments) for each in sorted(parts)},
        )


def _joined_again(one: Found, other: Found, rebuilt: Rebuilt, strength: Strength) -> list[Step]:
    """The links to refuse besides, where the two are one person still."""
    cut: list[Step] = []
    for person in rebuilt.persons.values():
        here, there = _found_in(person, one, rebuilt), _found_in(person, other, rebuilt)
        if here.keys and there.keys:
            cut += cut_between(here, there, strength)
    return cut


def _found_in(person: Person, found: Found, rebuilt: Rebuilt) -> Found:
    """Of whom was meant what is this person's."""
    members = person.graph.members.keys()
    hanging = tuple(each for each in found.hanging if each.weaker not in rebuilt.person_of and each.stronger in members)
    return Found(Versioned(person, None), found.keys if hanging else found.keys & members, hanging)


def cut_between(one: Found, other: Found, strength: Strength) -> list[Step]:
    """The links to refuse so that nothing leads from one to the other: of every chain between them the weakest link of
    those that merged persons, or where none did the weakest of all.

    Raises:
        InvalidError: they are the same identifier.
    """
    members = one.person.value.graph.members

    def turn(step: Step) -> tuple[bool, int, float, str]:
        merged = {step.start, step.end} <= members.keys() and members[step.start] != members[step.end]
        weaker = max(strength.order(step.link.stronger), strength.order(step.link.weaker))
        return not merged, -weaker[0], -step.link.at.timestamp(), step.link.id

    cut: list[Step] = []
    while (steps := between(one, other, frozenset(step.link.id for step in cut))) is not None:
        if not steps:
            raise InvalidError("they are one identifier", field="other")
        cut.append(min(steps, key=turn))
    return cut
