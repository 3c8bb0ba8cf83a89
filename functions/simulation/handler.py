"""Checking and simulating a change: what it means, and what it does to persons as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from shared.domain.catalogue import Revision
from shared.domain.contact_history import ContactHistory
from shared.domain.differences import differences
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.releasing.gates import Gate
from shared.domain.releasing.loosened import loosened
from shared.domain.releasing.simulating import Change, Place, simulate_change
from shared.ports import Catalogues, Models
from shared.ports.samples import Sampled, Samples

PERSONS = 2_000
"""Of a sample, unless more or fewer are asked for."""

MOST_PERSONS = 20_000
"""Of a sample: as many as an instance holds, and simulates on every channel within its time."""

MOST_WORDS = 1_500
"""Characters of a reason that a release keeps."""

MOST_KEPT = 15
"""Gates, and persons behind one, that a release keeps."""

MOST_SAID = 200
"""Differences that are told."""

MOST_LETTERS = 300
"""Of one that is told: a workflow holds 512 KB altogether."""


class Asking(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change.

    Attributes:
        revision: what is to come.
        against: what is live.
        acknowledged: limits that the proposal says are meant to be looser.
        persons: how many are sampled.
        seed: which; the same ones for the same.
    """

    revision: str
    against: str
    acknowledged: tuple[str, ...] = ()
    persons: int = PERSONS
    seed: str = ""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a change means.

    Attributes:
        passed: whether it changes anything, and every limit that it loosens is acknowledged.
        why: what it does not pass by.
        differences: in the words of the business, the first two hundred.
        more: how many there are besides.
        loosened: the limits that let more through than before.
    """

    passed: bool
    why: str
    differences: tuple[str, ...]
    more: int
    loosened: tuple[str, ...]


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """What a change comes to.

    Attributes:
        passed: whether it passes every gate.
        why: those that it does not pass.
        gates: every gate, those that are not passed first.
        places: figures wherever it decides.
        figures: the same in little, as a release keeps it.
    """

    passed: bool
    why: str
    gates: tuple[Gate, ...]
    places: tuple[Place, ...]
    figures: dict[str, Any]


class _Subject:
    """A sampled person as a simulation decides on one."""

    __slots__ = ("_live", "_sampled")

    def __init__(self, sampled: Sampled, live: Policy) -> None:
        self._sampled = sampled
        self._live = live

    @property
    def person_id(self) -> str:
        return self._sampled.person.person_id

    def profile(self, now: datetime) -> Profile:
        return self._live.features.seen(self._sampled.person, now)

    def history(self, _revision: Revision) -> ContactHistory:
        return self._sampled.contacts


class Simulate:
    """The use cases over their ports."""

    def __init__(self, catalogues: Catalogues, samples: Samples, models: Models) -> None:
        """Compare revisions of `catalogues` on `samples`, by what `models` know."""
        self._catalogues = catalogues
        self._samples = samples
        self._models = models

    def check(self, asking: Asking) -> Checked:
        """What a change means, without anybody's data.

        Raises:
            NotFoundError: there is no such revision.
        """
        before, after = (self._revision(each).catalogue for each in (asking.against, asking.revision))
        said = [_short(str(each), MOST_LETTERS) for each in differences(before, after)]
        looser = loosened(before, after)
        unsaid = [each.about for each in looser if each.about not in asking.acknowledged]
        why = "" if said else "it means the same as what is live"
        if unsaid:
            why = f"looser than what is live, and not said to be meant: {', '.join(unsaid)}"
        return Checked(
            passed=not why,
            why=_short(why),
            differences=tuple(said[:MOST_SAID]),
            more=max(0, len(said) - MOST_SAID),
            loosened=tuple(_short(f"{each.about}: {each.said}", MOST_LETTERS) for each in looser),
        )

    def __call__(self, asking: Asking, now: datetime) -> Simulation:
        """What a change does to a sample of persons, on every channel.

        Raises:
            NotFoundError: there is no such revision.
            TransientError: the store did not answer.
        """
        change = Change(
            before=self._catalogues.get(asking.against),
            after=self._catalogues.get(asking.revision),
            counts=self._models.counts(),
            acknowledged=asking.acknowledged,
            now=now,
        )
        persons = [_Subject(each, change.before) for each in self._samples.persons(asking.seed, asking.persons)]
        gates, places = simulate_change(change, persons)
        lost = [gate for gate in gates if not gate.passed]
        return Simulation(
            passed=not lost,
            why=_short("; ".join(gate.said for gate in lost)),
            gates=gates,
            places=places,
            figures=_figures(gates, places),
        )

    def _revision(self, name: str) -> Revision:
        return self._catalogues.get(name).revision


def _figures(gates: Sequence[Gate], places: Sequence[Place]) -> dict[str, Any]:
    """What a release keeps of a simulation, in a few thousand bytes: the whole is told again for the same seed."""
    lost = [gate for gate in gates if not gate.passed]
    return {
        "gates": len(gates),
        "lost": [
            {"gate": f"{gate.kind} {gate.id}".strip(), "persons": gate.persons, "who": list(gate.who[:3])}
            for gate in lost[:MOST_KEPT]
        ],
        "places": {
            place.where: {
                "persons": place.persons,
                "given": place.after,
                "given_before": place.before,
                "pounds": round(place.value, 2),
                "pounds_before": round(place.value_before, 2),
            }
            for place in places
        },
    }


def _short(text: str, most: int = MOST_WORDS) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
