"""Limits on slots that can never matter, and bundles that can never be whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from shared.domain.catalogue import Action, Catalogue
from shared.domain.slot_rules import Bundle

Keys = tuple[str | int, ...]


class Finding(NamedTuple):
    """Something about what slots obey: where it stands, and whether it keeps the catalogue from being built.

    Attributes:
        bundle: the name of the bundle that the keys lead on from; None where they lead from all that slots obey.
    """

    keys: Keys
    message: str
    is_error: bool = False
    bundle: str | None = None


def findings(catalogue: Catalogue) -> Iterator[Finding]:
    """All that is to be said of what slots obey."""
    shown = _Shown(catalogue)
    for bundle in catalogue.slots.bundles:
        yield from _of_bundle(catalogue, bundle, shown)
    yield from _of_level(catalogue, "group", shown)
    yield from _of_level(catalogue, "issue", shown)
    for issue in catalogue.slots.at_least_one_of:
        if not shown.most(lambda action, issue=issue: action.issue == issue):  # type: ignore[misc]
            yield Finding(("at_least_one_of", issue), "can never be met: no action of it has a placement")


class _Shown:
    """Which actions have a placement, by channel: a request is of one channel."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._on: dict[str, dict[str, Action]] = {}
        for action in catalogue.actions:
            for treatment in action.treatments:
                if treatment.placement is not None:
                    self._on.setdefault(treatment.channel, {})[action.id] = action

    def most(self, holds: Callable[[Action], bool]) -> int:
        """How many such actions one request can be given at the most."""
        return max((sum(map(holds, actions.values())) for actions in self._on.values()), default=0)


def _of_bundle(catalogue: Catalogue, bundle: Bundle, shown: _Shown) -> Iterator[Finding]:
    slots, own = catalogue.slots, set(bundle.actions)
    actions = [action for action in catalogue.actions if action.id in own]
    if shown.most(lambda action: action.id in own) < len(own):
        message = "no request can hold this bundle: no channel has a placement for each of its actions"
        yield Finding(("actions",), message, is_error=True, bundle=bundle.name)
    for what, limit_of in (("group", slots.of_group), ("issue", slots.of_issue)):
        for name, count in sorted(Counter(getattr(action, what) for action in actions).items()):
            limit = limit_of(name)
            if limit is not None and count > limit:
                message = f"can never be whole: it has {count} of {what} {name}, of which at most {limit} may be shown"
                yield Finding(("actions",), message, is_error=True, bundle=bundle.name)
    outbound = {channel.id for channel in catalogue.channels if channel.direction == "outbound"}
    for action in actions:
        sent = sorted({treatment.channel for treatment in action.treatments} & outbound)
        if sent:
            message = f"{action.id} is never sent by {', '.join(sent)}: a message carries one action, a bundle more"
            yield Finding(("actions",), message, bundle=bundle.name)


def _of_level(catalogue: Catalogue, what: str, shown: _Shown) -> Iterator[Finding]:
    """Limits of groups or of issues that never bind."""
    slots = catalogue.slots
    own, each, named = (
        (slots.groups, slots.per_group, catalogue.groups)
        if what == "group"
        else (slots.issues, slots.per_issue, catalogue.issues)
    )
    loose: list[bool] = []
    for level in named:
        limit = own.get(level.id, each)
        if limit is None:
            continue
        most = shown.most(lambda action, name=level.id: getattr(action, what) == name)  # type: ignore[misc]
        above = slots.of_issue(level.parent) if level.parent is not None else None
        why = ""
        if most <= limit:
            why = f"no channel shows more than {most} of it"
        elif above is not None and above <= limit:
            why = f"at most {above} of issue {level.parent} may be shown"
        if level.id not in own:
            loose.append(bool(why))
        elif why:
            yield Finding((f"{what}s", level.id), f"can never bind: {why}")
    if each is not None and all(loose):
        yield Finding((f"per_{what}",), f"can never bind: no {what} without a number of its own can pass it")
