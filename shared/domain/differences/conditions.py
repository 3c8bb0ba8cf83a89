"""Differences of engagement policy: conditions gained, lost and changed, at the level that declares them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from shared.domain.catalogue import Catalogue, Condition
from shared.domain.differences.change import Change, counted, paired, quoted


def of_conditions(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every condition that differs; those of actions and treatments that come or go as a whole are not repeated."""
    before, after = _reached(old), _reached(new)
    both = _levels(old) & _levels(new)
    left = [c for c in old.conditions if c.level in both]
    right = [c for c in new.conditions if c.level in both]
    for key, was, is_now in paired(left, right, lambda c: (c.level, c.kind, c.name)):
        level, kind, name = key
        said = quoted(name.replace("_", " "))
        if was is None:
            yield _change(level, "gained", f"{kind} gained {said}: {_text(is_now)}", after[key])
        elif is_now is None:
            yield _change(level, "lost", f"{kind} lost {said}: {_text(was)}", before[key])
        else:
            if was.when != is_now.when:
                yield _change(level, "changed", f"{kind} {said}: `{was.when}` → `{is_now.when}`", after[key])
            if was.on_missing != is_now.on_missing:
                verb = "lets through" if is_now.on_missing == "allow" else "stops"
                yield _change(level, "changed", f"{kind} {said} {verb} whoever lacks what it reads", after[key])
            if was.reason != is_now.reason:
                what = f"reason of {kind} {said}: {quoted(was.reason)} → {quoted(is_now.reason)}"
                yield _change(level, "changed", what, after[key])


def _change(level: str, kind: str, said: str, actions: int) -> Change:
    what, _, name = level.partition(":")
    if what in ("action", "treatment"):
        return Change(about=name, kind=kind, said=said, actions=actions)  # type: ignore[arg-type]
    about = "every action" if what == "catalogue" else f"{what} {name}"
    return Change(about=about, kind=kind, said=f"{said} ({counted(actions, 'action')})", actions=actions)  # type: ignore[arg-type]


def _text(condition: Condition) -> str:
    allows = ", or what it reads is missing" if condition.on_missing == "allow" else ""
    return f"`{condition.when}`{allows}"


def _levels(catalogue: Catalogue) -> set[str]:
    """All levels that there are, with conditions or without."""
    levels = {"catalogue"}
    levels.update(f"brand:{brand.id}" for brand in catalogue.brands)
    levels.update(f"issue:{issue.id}" for issue in catalogue.issues)
    levels.update(f"group:{group.id}" for group in catalogue.groups)
    levels.update(f"action:{action.id}" for action in catalogue.actions)
    levels.update(f"treatment:{t.id}" for action in catalogue.actions for t in action.treatments)
    return levels


def _reached(catalogue: Catalogue) -> Counter[tuple[str, str, str]]:
    """How many actions each condition reaches."""
    keys = [(c.level, c.kind, c.name) for c in catalogue.conditions]
    reached: Counter[tuple[str, str, str]] = Counter()
    for action in catalogue.actions:
        numbers = set(action.conditions).union(*(treatment.conditions for treatment in action.treatments))
        reached.update(keys[number] for number in numbers)
    return reached
