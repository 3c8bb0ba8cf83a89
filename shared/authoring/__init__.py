"""Authoring: the files of a catalogue, checked and turned into a revision.

This is for building only; what decides reads revisions. Everything that is wrong with a catalogue is found in one go,
each problem with its file, line and column.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from shared.authoring import forms
from shared.authoring.analysis import analyse
from shared.authoring.building import build_catalogue
from shared.authoring.names import Files, Names
from shared.authoring.places import Place
from shared.authoring.problems import CatalogueError, Problem, Problems, in_order
from shared.authoring.reading import Reader
from shared.domain.catalogue import Catalogue, Revision

__all__ = ["CatalogueError", "Problem", "build", "check", "check_folder", "is_part", "load", "read"]

FormT = TypeVar("FormT", bound=forms.Form)

_NAMES = (
    "bank.yaml",
    "schema.yaml",
    "channels.yaml",
    "identity.yaml",
    "sources.yaml",
    "callbacks.yaml",
    "consent.yaml",
    "features.yaml",
    "triggers.yaml",
    "arbitration.yaml",
    "contact_policy.yaml",
    "experiments.yaml",
    "fairness.yaml",
    "audiences.yaml",
    "gates.yaml",
    "frames.yaml",
)
_OPTIONAL = frozenset(
    {
        "sources.yaml",
        "callbacks.yaml",
        "consent.yaml",
        "features.yaml",
        "triggers.yaml",
        "experiments.yaml",
        "fairness.yaml",
        "audiences.yaml",
        "gates.yaml",
        "frames.yaml",
    }
)
_ACTIONS = re.compile(r"actions/.+\.yaml")
_CONNECTORS = re.compile(r"connectors/[a-z0-9_.-]+\.yaml")
_ESTIMATORS = re.compile(r"estimators/([a-z0-9_.-]+)\.json")
_FORMATS = re.compile(r"(formats|examples)/([a-z0-9_.-]+)\.yaml")


def read(folder: Path) -> dict[str, str]:
    """The texts of a catalogue folder by their path within it; `samples/` and hidden files are no part of it.

    Raises:
        CatalogueError: the folder is not there, or a file is not UTF-8.
    """
    problems = Problems()
    if not folder.is_dir():
        problems.add(Place.start(""), "no such folder")
        problems.raise_any()
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not is_part(relative.as_posix()) or not path.is_file():
            continue
        try:
            files[relative.as_posix()] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            problems.add(Place.start(relative.as_posix()), f"not UTF-8: {error.reason} at byte {error.start}")
    problems.raise_any()
    return files


def is_part(path: str) -> bool:
    """Whether a file at this path within a catalogue's folder is a part of it."""
    *folders, name = path.split("/")
    if folders[:1] == ["samples"] or any(part.startswith(".") for part in (*folders, name)):
        return False
    return name.endswith((".yaml", ".yml")) or (folders == ["estimators"] and name.endswith(".json"))


def build(files: Mapping[str, str]) -> Revision:
    """The revision that the texts of a catalogue say.

    Args:
        files: text by path within the catalogue, such as `bank.yaml` or `actions/northmoor/grow.yaml`.

    Raises:
        CatalogueError: something is wrong; it names everything that is.
    """
    problems = Problems()
    with _without_collections():
        catalogue = _build(files, problems, warns=False)
    problems.raise_any()
    return Revision(catalogue)


def check(files: Mapping[str, str]) -> tuple[Revision | None, list[Problem]]:
    """The revision that the texts of a catalogue say, None where they say none, and all that is to be said of them.

    Args:
        files: text by path within the catalogue, such as `bank.yaml` or `actions/northmoor/grow.yaml`.
    """
    problems = Problems()
    with _without_collections():
        catalogue = _build(files, problems, warns=True)
    revision = None if problems.has_errors else Revision(catalogue)
    return revision, in_order(problems.found)


def _build(files: Mapping[str, str], problems: Problems, *, warns: bool) -> Catalogue:
    reader = Reader(problems)

    def part(name: str, form: type[FormT]) -> FormT:
        if name not in files and name not in _OPTIONAL:
            problems.add(Place.start(name), "the file is missing")
        return reader.read(name, files.get(name), form)

    parts = Files(
        bank=part("bank.yaml", forms.Bank),
        schema=part("schema.yaml", forms.Schema),
        channels=part("channels.yaml", forms.Channels),
        identity=part("identity.yaml", forms.Identity),
        sources=part("sources.yaml", forms.Sources),
        callbacks=part("callbacks.yaml", forms.Callbacks),
        consent=part("consent.yaml", forms.Consent),
        features=part("features.yaml", forms.Features),
        triggers=part("triggers.yaml", forms.Triggers),
        arbitration=part("arbitration.yaml", forms.Arbitration),
        contact_policy=part("contact_policy.yaml", forms.ContactPolicy),
        experiments=part("experiments.yaml", forms.Experiments),
        fairness=part("fairness.yaml", forms.Fairness),
        audiences=part("audiences.yaml", forms.Audiences),
        gates=part("gates.yaml", forms.Gates),
        frames=part("frames.yaml", forms.Frames),
        actions=tuple(part(name, forms.Actions) for name in sorted(files) if _ACTIONS.fullmatch(name)),
        formats={name: part(file, forms.Format) for file, name in _named("formats", files)},
        connectors=tuple(part(name, forms.Connectors) for name in sorted(files) if _CONNECTORS.fullmatch(name)),
        examples={name: part(file, forms.Examples) for file, name in _named("examples", files)},
        estimators={found[1]: files[name] for name in sorted(files) if (found := _ESTIMATORS.fullmatch(name))},
    )
    if not parts.actions:
        problems.add(Place.start("actions"), "there are no actions")
    for name in files.keys() - set(_NAMES):
        if not any(known.fullmatch(name) for known in (_ACTIONS, _CONNECTORS, _ESTIMATORS, _FORMATS)):
            problems.add(Place.start(name), "no file of a catalogue has this name", wrote=name, known=_NAMES)
    names = Names(parts, reader, problems)
    catalogue = build_catalogue(parts, names, reader)
    if not problems.has_errors:
        analyse(catalogue, parts, names, problems, warns=warns)
    return catalogue


def _named(folder: str, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The files of a folder, each with the name of the format that it is about."""
    for file in sorted(files):
        found = _FORMATS.fullmatch(file)
        if found and found[1] == folder:
            yield file, found[2]


@contextmanager
def _without_collections() -> Iterator[None]:
    """Without looking for garbage in cycles, of which a build makes little and which took half of its time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def check_folder(folder: Path) -> tuple[Revision | None, list[Problem]]:
    """What `check` says of a catalogue folder, files named as seen from where the folder's path begins."""
    try:
        revision, problems = check(read(folder))
    except CatalogueError as error:
        revision, problems = None, error.problems
    return revision, _seen_from_outside(folder, problems)


def load(folder: Path) -> Revision:
    """The revision that a catalogue folder says; problems name files as seen from where the folder's path begins.

    Raises:
        CatalogueError: something is wrong; it names everything that is.
    """
    try:
        return build(read(folder))
    except CatalogueError as error:
        raise CatalogueError(_seen_from_outside(folder, error.problems)) from None


def _seen_from_outside(folder: Path, problems: Iterable[Problem]) -> list[Problem]:
    return [msgspec.structs.replace(problem, file=(folder / problem.file).as_posix()) for problem in problems]
