"""`bank-additional.*`: how well models tell who subscribes, in three orders, how far P is from the truth, and what an
update takes.

- `random`: learnt from 70 % of the contacts, drawn by chance; measured on the others.
- `time`: learnt from the first 70 % in time, in which 5.6 % accept; measured on the last 30 %, in which 24.6 % do.
- `progressive`: each contact is predicted and then learnt from, in the order of time; measured on all. Our counts are
  made into what scores once a day of the data, which has 45 contacts; `progressive.forgetting` counts an outcome half
  after 2,000 contacts, or 44 days.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from cli.bench.counts import Counts
from cli.bench.learning import peers
from cli.bench.learning.contacts import Contact, contacts
from cli.bench.learning.figures import auc, calibration_error
from cli.bench.learning.ours import Ours, became, together
from cli.bench.results import Result, result
from functions.feedback.taking import AT_ONCE

SHARE = 0.7
RENEWED_EVERY = 45
HALF_LIFE_DAYS = 44
LEAST = {"random": 0.79, "time": 0.72, "progressive": 0.775}
MOST_ERROR = 0.03

_NAME = "bank-additional"
_BLOCK = 500
_PIPELINE = "river's learn_one, of its pipeline from the contact"
_ALONE = "river's learn_one, of its logistic regression alone from features"
_MICROSECONDS = 1e6

Tell = Callable[[str], None]
Split = tuple[list[Contact], list[Contact]]


def measure(counts: Counts, tell: Tell) -> list[Result]:
    """Measure all of it in one run; peers that are not installed are left out, and said so."""
    absent = peers.missing()
    if absent:
        tell(f"learning: without {', '.join(absent)}; to have them: pip install -r requirements-learning.txt")
    every = contacts(counts.learning_contacts)
    cut = round(SHARE * len(every))
    splits = [_random_split(every, cut, seed) for seed in range(counts.learning_splits)]
    found = _split("random", splits, tell, compare=not absent)
    found += _split("time", [(every[:cut], every[cut:])], tell, compare=not absent)
    found += _progressive(every, tell, compare=not absent)
    return [*found, *_updates(every, tell, compare=not absent)]


def _random_split(every: Sequence[Contact], cut: int, seed: int) -> Split:
    order = random.Random(seed).sample(range(len(every)), len(every))  # noqa: S311 - which contacts to learn from
    return [every[n] for n in sorted(order[:cut])], [every[n] for n in order[cut:]]


def _split(order: str, splits: Sequence[Split], tell: Tell, *, compare: bool) -> list[Result]:
    ours: list[list[float]] = []
    others: dict[str, list[list[float]]] = {}
    for learnt, left in splits:
        tell(f"{_NAME}.{order}: {len(learnt)} contacts learnt, {len(left)} predicted")
        model = Ours()
        model.learn_all(learnt)
        ours.append([model.predict(contact) for contact in left])
        for name, peer in (peers.made() if compare else {}).items():
            peer.learn_all(learnt)
            others.setdefault(name, []).append(peer.predict_all(left))
    accepted = [[contact.accepted for contact in left] for _, left in splits]
    found = []
    for what, figure in (("auc", auc), ("calibration_error", calibration_error)):
        is_auc = what == "auc"
        measured = result(
            f"{_NAME}.{order}.{what}",
            "AUC" if is_auc else "of P",
            [figure(p, y) for p, y in zip(ours, accepted, strict=True)],
            bench="learning",
            peers={name: [figure(p, y) for p, y in zip(each, accepted, strict=True)] for name, each in others.items()},
            most=None if is_auc or order != "random" else MOST_ERROR,
        )
        found.append(replace(measured, at_least=LEAST[order]) if is_auc else measured)
    return found


def _progressive(every: Sequence[Contact], tell: Tell, *, compare: bool) -> list[Result]:
    tell(f"{_NAME}.progressive: {len(every)} contacts")
    accepted = [contact.accepted for contact in every]
    others = {name: peer.progressive(every) for name, peer in (peers.made() if compare else {}).items()}
    peers_ = {name: [auc(each, accepted)] for name, each in others.items()}
    found = []
    for name, model in (("progressive", Ours()), ("progressive.forgetting", Ours(HALF_LIFE_DAYS))):
        ours = [auc(_predicted(every, model), accepted)]
        measured = result(f"{_NAME}.{name}.auc", "AUC", ours, bench="learning", peers=peers_)
        found.append(replace(measured, at_least=LEAST["progressive"]))
    return found


def _predicted(every: Sequence[Contact], model: Ours) -> list[float]:
    """P of each contact before learning from it."""
    found = []
    for start in range(0, len(every), RENEWED_EVERY):
        some = every[start : start + RENEWED_EVERY]
        found += [model.predict(contact) for contact in some]
        model.learn_all(some)
    return found


def _updates(every: Sequence[Contact], tell: Tell, *, compare: bool) -> list[Result]:
    """What learning one outcome takes of the processor: of as many as feedback takes in at once, of one alone, and of
    many whose contacts are binned first.
    """
    tell(f"{_NAME}.update: {len(every)} contacts")
    model = Ours()
    carried = [(model.carried(contact), became(contact)) for contact in every]
    others: dict[str, list[float]] = {}
    if compare:
        pipeline, alone = peers.River(), peers.RiverFromFeatures()
        features = list(zip(alone.features(every), (contact.accepted for contact in every), strict=True))
        others[_PIPELINE] = _timed(every, AT_ONCE, pipeline.learn_all)
        others[_ALONE] = _timed(features, AT_ONCE, alone.learn_all)
    of_contacts = {_PIPELINE: others[_PIPELINE]} if compare else {}
    return [
        _update("update", _timed(carried, AT_ONCE, together), others, 1.0),
        _update("update.of_one", _timed(carried, 1, together), others, None),
        _update("update.of_contacts", _timed(every, AT_ONCE, model.learnt), of_contacts, 1.0),
    ]


def _update(name: str, ours: Sequence[float], others: Mapping[str, Sequence[float]], limit: float | None) -> Result:
    limit = limit if others else None
    return result(f"{_NAME}.{name}", "µs", ours, bench="learning", peers=others, limit=limit)


def _timed(every: Sequence[Any], at_once: int, learn: Callable[[Sequence[Any]], object]) -> list[float]:
    """What learning one takes, where so many are learnt at once, by block."""
    found = []
    for start in range(0, len(every) - _BLOCK + 1, _BLOCK):
        some = [every[n : n + at_once] for n in range(start, start + _BLOCK, at_once)]
        started = time.process_time()
        for each in some:
            learn(each)
        found.append((time.process_time() - started) / _BLOCK * _MICROSECONDS)
    return found
