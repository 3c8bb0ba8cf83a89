"""Estimators from outside as a revision holds them: each with what its file says, looking at predictors only, and no
two that would say P of the same treatment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from shared.authoring import forms
from shared.authoring.names import Files, Names
from shared.authoring.places import Place
from shared.domain.catalogue import Action, DeclaredEstimator, Predictor, facts
from shared.domain.errors import InvalidError
from shared.domain.estimators import MOST_BYTES, PLACES, Endpoint, FromOutside, canonical, read, reads_of
from shared.domain.rules import Scope, in_scope


def build_estimators(
    files: Files, actions: Sequence[Action], predictors: Sequence[Predictor], names: Names
) -> tuple[DeclaredEstimator, ...]:
    """The estimators by their names.

    Args:
        files: what people wrote.
        actions: as built.
        predictors: likewise; an estimator is shown what they read.
        names: where to note what is wrong.
    """
    names.unique(files.arbitration.estimators, "estimator", "name")
    shown = {*PLACES, *(predictor.reads for predictor in predictors)}
    serving: dict[str, str] = {}
    found = []
    for each in sorted(files.arbitration.estimators, key=lambda form: form.name):
        estimator = _read(each, files, names)
        scope = names.scope(each.scope)
        if estimator is None:
            continue
        file = Place.start(_file(each.name))
        for read_ in sorted(reads_of(estimator) - shown):
            message = f"reads {read_}, which is no predictor of the catalogue nor one of {', '.join(PLACES)}"
            names.problems.add(file, message, wrote=read_, known=shown)
        if each.serves:
            _check_serving(each, estimator, [*_within(scope, actions)], serving, names)
        found.append(
            DeclaredEstimator(
                name=each.name,
                estimator=msgspec.Raw(canonical(estimator)),
                scope=scope,
                serves=each.serves,
                deadline_ms=each.deadline_ms,
            )
        )
    for name in sorted(files.estimators.keys() - {each.name for each in files.arbitration.estimators}):
        message = f"no estimator of arbitration.yaml is called {name}"
        names.problems.add(Place.start(_file(name)), message)
    return tuple(found)


def _read(form: forms.Estimator, files: Files, names: Names) -> FromOutside | None:
    """What the file of an estimator says; None of one that is not there or says none."""
    place = names.place(form, "name")
    text = files.estimators.get(form.name)
    if text is None:
        names.problems.add(place, f"there is no {_file(form.name)}", wrote=form.name, known=files.estimators)
        return None
    file = Place.start(_file(form.name))
    if len(text) > MOST_BYTES:
        names.problems.add(file, f"is larger than {MOST_BYTES // 2**20} MiB")
        return None
    try:
        estimator = read(text.encode())
    except InvalidError as error:
        names.problems.add(file, str(error))
        return None
    if estimator.name != form.name:
        names.problems.add(file, f"calls itself {estimator.name}, and the file is called {form.name}")
    return estimator


def _check_serving(
    form: forms.Estimator, estimator: FromOutside, within: Sequence[str], serving: dict[str, str], names: Names
) -> None:
    """Note what an estimator cannot serve for."""
    place = names.place(form, "serves")
    if not within:
        names.problems.add(place, "it serves, and no treatment is in its scope")
    if isinstance(estimator, Endpoint) and len(within) > estimator.at_once:
        message = f"a decision asks once, {len(within)} treatments are in its scope, and at_once is {estimator.at_once}"
        names.problems.add(place, message)
    for treatment in within:
        other = serving.setdefault(treatment, form.name)
        if other != form.name:
            names.problems.add(place, f"{other} serves {treatment} already: narrow the scopes until they are apart")
            return


def _within(scope: Scope, actions: Sequence[Action]) -> Iterator[str]:
    for action in actions:
        yield from (each.id for each in action.treatments if in_scope(scope, dict(facts(action, each))))


def _file(name: str) -> str:
    return f"estimators/{name}.json"
