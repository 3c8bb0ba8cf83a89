"""Differences of actions and treatments: what there is to offer, what it is worth, and how it reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from shared.domain.catalogue import Action, Catalogue, Starting, Treatment
from shared.domain.differences.change import (
    Change,
    Kind,
    changed,
    counted,
    listed,
    number,
    paired,
    per_cent,
    pounds,
    quoted,
    shared,
    when,
)
from shared.domain.plain_text import plain_text

_DOCUMENT = "<!doctype html"


def of_actions(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every action that comes, goes or differs."""
    for name, was, is_now in paired(old.actions, new.actions, lambda action: action.id):
        if was is None:
            yield _whole(is_now, "gained", "added")
        elif is_now is None:
            yield _whole(was, "lost", "retired")
        else:
            yield from _of_action(name, was, is_now)
    yield from _of_levers(old, new)


def _whole(action: Action, kind: Kind, verb: str) -> Change:
    treatments = counted(len(action.treatments), "treatment")
    said = f"{verb}: {quoted(action.name)}, {action.purpose} of {action.brand} in {action.group}, {treatments}"
    return Change(about=action.id, kind=kind, said=said)


def _of_action(about: str, was: Action, is_now: Action) -> Iterator[Change]:
    yield from changed(about, "name", was.name, is_now.name, quoted)
    yield from changed(about, "description", was.description, is_now.description, quoted)
    for field in ("brand", "group", "purpose"):
        yield from changed(about, field, getattr(was, field), getattr(is_now, field), str)
    yield from changed(about, "value", was.value, is_now.value, pounds)
    yield from changed(about, "valid from", was.active.from_, is_now.active.from_, when)
    yield from changed(about, "valid until", was.active.until, is_now.active.until, when)
    yield from changed(about, "accepted without being asked", was.anyway, is_now.anyway, per_cent)
    yield from changed(about, "what cancels it", was.cancel_when, is_now.cancel_when, lambda text: f"`{text}`")
    if was.mandatory != is_now.mandatory:
        said = "mandatory: it ranks above all that is not" if is_now.mandatory else "no longer mandatory"
        yield Change(about=about, kind="changed", said=said)
    for name in sorted(was.attributes.keys() | is_now.attributes.keys()):
        yield from changed(about, name, was.attributes.get(name), is_now.attributes.get(name), _value)
    pairs = list(paired(was.treatments, is_now.treatments, lambda treatment: treatment.id))
    kept = {name: (a.starting, b.starting) for name, a, b in pairs if a is not None and b is not None}
    for (before, after), names in shared(kept):
        everywhere = len(names) == len(kept)
        where = "" if everywhere else " for " + ", ".join(name.removeprefix(f"{about}.") for name in names)
        yield from _of_starting(about, where, before, after)
    for name, before, after in pairs:
        if before is None:
            yield Change(about=about, kind="gained", said=f"treatment added on {_where(after)}: {name}")
        elif after is None:
            yield Change(about=about, kind="lost", said=f"treatment retired on {_where(before)}: {name}")
        else:
            yield from _of_treatment(name, before, after, (was.purpose, is_now.purpose))


def _of_treatment(about: str, was: Treatment, is_now: Treatment, purposes: tuple[str, str]) -> Iterator[Change]:
    yield from changed(about, "place", _where(was), _where(is_now), str)
    if (was.purpose, is_now.purpose) != purposes:
        yield from changed(about, "purpose", was.purpose, is_now.purpose, str)
    yield from changed(about, "deadline", was.deadline, is_now.deadline, str)
    yield from changed(about, "text messages it becomes", was.segments, is_now.segments, str)
    yield from changed(about, "fragment", was.fragment, is_now.fragment, lambda each: f"{each.path} of {each.service}")
    for field in sorted(was.content.keys() | is_now.content.keys()):
        yield from _text(about, field, was.content.get(field), is_now.content.get(field))
    for language in sorted(was.translations.keys() | is_now.translations.keys()):
        before, after = was.translations.get(language, {}), is_now.translations.get(language, {})
        for field in sorted(before.keys() | after.keys()):
            yield from _text(about, f"{field} in {language}", before.get(field), after.get(field))


def _text(about: str, label: str, was: str | None, is_now: str | None) -> Iterator[Change]:
    """A text that differs; of a whole document of HTML, as MJML becomes, its words."""
    before, after = (
        " ".join(plain_text(text).split()) if text is not None and text.startswith(_DOCUMENT) else text
        for text in (was, is_now)
    )
    if was != is_now and before == after:
        yield Change(about=about, kind="changed", said=f"{label}: how it looks, and no word of it", actions=1)
    else:
        yield from changed(about, label, before, after, quoted)


def _of_starting(about: str, where: str, was: Starting, is_now: Starting) -> Iterator[Change]:
    yield from changed(about, f"starting propensity{where}", was.propensity, is_now.propensity, per_cent)
    yield from changed(about, f"evidence for it{where}", was.evidence, is_now.evidence, lambda e: f"{e:g} responses")


def _where(treatment: Treatment) -> str:
    return treatment.placement or treatment.channel


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else f"{value:g}" if isinstance(value, float) else str(value)


def _of_levers(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Levers that differ: once for all actions of a group that take the same step."""
    before = {action.id: action for action in old.actions}
    steps: dict[str, dict[str, tuple[float, float]]] = defaultdict(dict)
    for action in new.actions:
        if action.id in before:
            steps[action.group][action.id] = before[action.id].lever, action.lever
    for group, by_action in sorted(steps.items()):
        for (was, is_now), names in shared(by_action):
            if len(names) == 1:
                yield from changed(names[0], "lever", was, is_now, number)
            else:
                said = f"lever {number(was)} → {number(is_now)} of {listed(names)}"
                yield Change(about=f"group {group}", kind="changed", said=said, actions=len(names))
