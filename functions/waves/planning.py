"""Planning a wave: what scarce channels are worth for each person, and who gets them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from functions.waves.holding import Held, Step, ended
from shared.domain.allowance import cost
from shared.domain.catalogue import Revision, WaveVolume
from shared.domain.outbound.planning import Valuing, plan
from shared.domain.outbound.wave import OutboundWave, Plan
from shared.domain.profile import Person
from shared.domain.rules import Budget, Volume
from shared.ports import Allowances, Catalogues, Contacts, Models, Persons, Versioned
from shared.ports.waves import Waves

PERSONS_AT_ONCE = 4000
"""Whose profiles and contacts one request reads."""


class MakePlan:
    """The use case over its ports."""

    def __init__(
        self,
        waves: Waves,
        catalogues: Catalogues,
        models: Models,
        persons: Persons,
        contacts: Contacts,
        allowances: Allowances,
    ) -> None:
        """Plan `waves` by the live revision and what models know of `persons` and their `contacts`, within what is left
        of `allowances`.
        """
        self._waves = waves
        self._held = Held(waves)
        self._catalogues = catalogues
        self._models = models
        self._persons = persons
        self._contacts = contacts
        self._allowances = allowances

    def __call__(self, wave_id: str, execution: str, now: datetime) -> Step:
        """Value some pages more; with the last, make the plan.

        Raises:
            NotFoundError: there is no such wave.
            TransientError: a store did not answer, or somebody wrote the wave meanwhile.
        """
        held = self._held.load(wave_id)
        wave = held.value
        told = ended(wave, execution)
        if told is not None:
            return told
        if wave.phase != "planning":
            return Step(state=wave.state, complete=wave.phase != "finding", wave=wave)
        if wave.plan is None:
            return Step(state="running", wave=self._held.write(held, now, plan=self._begun(wave, now)))
        if wave.valued < wave.pages:
            return Step(state="running", wave=self._valued(held, wave.plan, now))
        made, pages = plan(wave.plan, self._waves.pages(wave_id, 0, wave.pages))
        self._waves.put_pages(wave_id, dict(enumerate(pages)))
        wave = self._held.write(held, now, plan=made, phase="sending")
        return Step(state="running", complete=True, wave=wave)

    def _begun(self, wave: OutboundWave, now: datetime) -> Plan:
        """The volumes that there are now."""
        revision = self._catalogues.current().revision
        audience = revision.audiences.get(wave.audience)
        volumes = audience.volumes if audience is not None else {}
        left = {rule: each.units for rule, each in self._allowances.left(revision, now).items()}
        return Plan(
            revision=revision.id,
            channels=revision.outbound,
            limited={channel: _limit(revision, channel, each, left) for channel, each in volumes.items()},
        )

    def _valued(self, held: Versioned[OutboundWave], begun: Plan, now: datetime) -> OutboundWave:
        wave = held.value
        beyond = min(wave.pages, wave.valued + max(1, PERSONS_AT_ONCE // wave.page_persons))
        deciding, off = self._catalogues.deciding, self._catalogues.switched_off()
        value = Valuing(begun.channels, deciding, self._models.counts(), now, off)
        pages = self._waves.pages(wave.id, wave.valued, beyond)
        people = self._people([person_id for page in pages for person_id in page.person_ids])
        valued = value(wave, pages, people, self._contacts.histories(list(people)))
        self._waves.put_pages(wave.id, dict(enumerate(valued, wave.valued)))
        return self._held.write(held, now, valued=beyond)

    def _people(self, person_ids: Sequence[str]) -> Mapping[str, Person]:
        """Persons as they are now, each by the id that is asked for."""
        people = self._persons.profiles(person_ids)
        while merged := {each: person.merged_into for each, person in people.items() if person.merged_into}:
            into = self._persons.profiles([survivor for survivor in merged.values() if survivor])
            people = {
                **{each: person for each, person in people.items() if each not in merged},
                **{each: into[survivor] for each, survivor in merged.items() if survivor in into},
            }
        return people


def _limit(revision: Revision, channel: str, declared: WaveVolume, left: Mapping[str, int]) -> tuple[int | None, int]:
    """The most and the least places of a channel: what is declared, and no more than what contact policy has left."""
    price = revision.dearest[channel]
    places = [] if declared.most is None else [declared.most]
    for rule in revision.catalogue.rules:
        if isinstance(rule, Volume | Budget) and channel in rule.scope.channels:
            each = cost(rule, price)
            places += [left[rule.id] // each] if each else []
    most = min(places, default=None)
    return most, declared.least if most is None else min(declared.least, most)
