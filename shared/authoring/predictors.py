"""Predictors: each reads an attribute that the catalogue declares, of a kind that can be binned, and none that is
protected.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from shared.authoring.names import Files, Names
from shared.authoring.problems import Problems
from shared.authoring.signals import attributes_of, made_of
from shared.domain.catalogue import MOST_BINS, Challenger, Learning, NumericPredictor, Predictor, SymbolicPredictor

_YES_NO = ("false", "true")


class _Readable(NamedTuple):
    """An attribute that a predictor may name: its types, its values where they are listed, and whether any declaration
    of it is protected.
    """

    types: frozenset[str]
    values: tuple[str, ...] = ()
    is_protected: bool = False


class PredictorBuilder:
    """Builds the predictors of arbitration.yaml."""

    def __init__(self, files: Files, names: Names, reading_problems: Problems) -> None:
        """Take the files, and where to note what is wrong with what predictors read."""
        self._predictors: tuple[Predictor, ...] = files.arbitration.predictors
        self._names = names
        self._problems = reading_problems
        self._readable = dict(_readable(files))
        self._features = {f"profile.{feature.name}" for feature in files.features.features}

    def build(self) -> tuple[Predictor, ...]:
        """The predictors by what they read, each with its bins."""
        self._names.unique(self._predictors, "predictor", "reads")
        built = [
            self._numeric(predictor) if isinstance(predictor, NumericPredictor) else self._symbolic(predictor)
            for predictor in self._predictors
        ]
        return tuple(sorted(built, key=lambda predictor: predictor.reads))

    def learning(self, learning: Learning) -> Learning:
        """How models learn; its parents are predictors."""
        reads = [predictor.reads for predictor in self._predictors]
        parents = self._names.set_of(learning, "parents")
        for index, parent in enumerate(learning.parents):
            if parent not in reads:
                place = self._names.place(learning, "parents", index)
                self._problems.add(place, f"{parent} is no predictor", wrote=parent, known=reads)
        challenger = learning.challenger and self._challenger(learning, learning.challenger, reads)
        alike = tuple(sorted(self._alike(learning, reads)))
        return msgspec.structs.replace(learning, parents=parents, challenger=challenger, alike=alike)

    def _alike(self, learning: Learning, reads: Sequence[str]) -> Iterator[tuple[str, ...]]:
        """The groups of predictors that say much the same, each in the one order that revisions have it in."""
        seen: set[str] = set()
        for number, group in enumerate(learning.alike):
            for index, read in enumerate(group):
                place = self._names.place(learning, "alike", number, index)
                if read not in reads:
                    self._problems.add(place, f"{read} is no predictor", wrote=read, known=reads)
                elif read in learning.parents:
                    self._problems.add(place, f"{read} is a parent: what pairs with it say the same is known")
                elif read in seen:
                    self._problems.add(place, f"{read} is here already")
                seen.add(read)
            yield tuple(sorted(set(group)))

    def _challenger(self, learning: Learning, challenger: Challenger, reads: Sequence[str]) -> Challenger:
        """What is tried beside the model, in the one order that revisions have it in."""
        if not learning.calibrated:
            message = "a challenger is held against scores that are calibrated: say calibrated: true"
            self._problems.add(self._names.place(learning, "challenger"), message)
        heard = [parent for parent in learning.parents if parent not in challenger.without]
        for field, known, what in (("without", reads, "predictor"), ("parents", heard, "parent that it looks at")):
            for index, read in enumerate(getattr(challenger, field)):
                if read not in known:
                    place = self._names.place(challenger, field, index)
                    self._problems.add(place, f"{read} is no {what}", wrote=read, known=known)
        return Challenger(
            without=self._names.set_of(challenger, "without"), parents=self._names.set_of(challenger, "parents")
        )

    def _numeric(self, predictor: NumericPredictor) -> Predictor:
        self._read(predictor, {"int", "double"}, "a number")
        for index, (edge, following) in enumerate(pairwise(predictor.edges), start=1):
            if following <= edge:
                place = self._names.place(predictor, "edges", index)
                self._names.problems.add(place, f"edges ascend, and {following:g} comes after {edge:g}")
        return predictor

    def _symbolic(self, predictor: SymbolicPredictor) -> Predictor:
        found = self._read(predictor, {"string", "bool"}, "text, true or false")
        values = self._names.set_of(predictor, "values")
        if found is None:
            return predictor
        place = self._names.place(predictor)
        if "bool" in found.types:
            if values:
                self._problems.add(place.into("values"), "what is true or false has these values: leave them out")
            return msgspec.structs.replace(predictor, values=_YES_NO)
        for index, value in enumerate(predictor.values if found.values else ()):
            if value not in found.values:
                message = f"{predictor.reads} is never {value!r}, as schema.yaml has it"
                at = self._names.place(predictor, "values", index)
                self._problems.add(at, message, wrote=value, known=found.values)
        if not values and not found.values and self._names.is_read(predictor, "values"):
            self._problems.add(place, f"values is missing: schema.yaml lists none for {predictor.reads}")
        if not values and len(found.values) > MOST_BINS:
            message = f"{predictor.reads} has {len(found.values)} values: name at most {MOST_BINS} that matter"
            self._problems.add(place, message)
            return predictor
        return msgspec.structs.replace(predictor, values=values or tuple(sorted(set(found.values))))

    def _read(self, predictor: Predictor, types: Collection[str], said: str) -> _Readable | None:
        """What a predictor reads; None, and noted, where it cannot be one."""
        if not predictor.reads:
            return None
        place = self._names.place(predictor, "reads")
        found = self._readable.get(predictor.reads)
        if found is None:
            root, _, name = predictor.reads.rpartition(".")
            known = [each.rpartition(".")[2] for each in self._readable if each.rpartition(".")[0] == root]
            self._problems.add(place, f"unknown attribute {predictor.reads}", wrote=name, known=known)
            return None
        if found.is_protected:
            what = "is made of what is" if predictor.reads in self._features else "is"
            message = f"{predictor.reads} {what} protected by schema.yaml: it never predicts anything"
            self._problems.add(place, message)
            return None
        wrong = sorted(found.types - set(types))
        if wrong:
            kind = "numeric" if isinstance(predictor, NumericPredictor) else "symbolic"
            self._problems.add(place, f"{predictor.reads} is {wrong[0]}: a {kind} predictor reads {said}")
            return None
        return found


def _readable(files: Files) -> Iterator[tuple[str, _Readable]]:
    """Whatever has one value in a decision, by the path that reads it."""
    schema = files.schema
    for root, attributes in (("profile", schema.profile), ("context", schema.context)):
        for name, a in attributes.items():
            yield f"{root}.{name}", _Readable(frozenset({a.type}), a.values, a.protected)
    properties: dict[str, _Readable] = {}
    for signal in schema.signals.values():
        for name, p in signal.properties.items():
            known = properties.get(name)
            values = (*known.values, *p.values) if known and known.values and p.values else () if known else p.values
            types = frozenset({p.type, *(known.types if known else ())})
            properties[name] = _Readable(types, values, p.protected or (known is not None and known.is_protected))
    yield from ((f"signal.properties.{name}", found) for name, found in properties.items())
    of_context = {f"context.{name}": a.protected for name, a in schema.context.items()}
    of_signals = {f"signal.properties.{name}": found.is_protected for name, found in properties.items()}
    protected = {path for path, is_protected in (of_context | of_signals).items() if is_protected}
    for feature in files.features.features:
        [(name, attribute)] = attributes_of((feature,)).items()
        yield f"profile.{name}", _Readable(frozenset({attribute.type}), (), not protected.isdisjoint(made_of(feature)))
    yield "signal.type", _Readable(frozenset({"string"}), tuple(schema.signals))
    yield "signal.source", _Readable(frozenset({"string"}))
