"""Differences of what the slots of a request obey: limits, wanted issues, bundles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.domain.catalogue import Catalogue
from shared.domain.differences.change import Change, changed, counted, listed, paired, quoted
from shared.domain.slot_rules import Bundle

_ABOUT = "slots of a request"


def of_slots(old: Catalogue, new: Catalogue) -> Iterator[Change]:
    """Every limit, wanted issue and bundle that comes, goes or differs."""
    was, is_now = old.slots, new.slots
    for what in ("group", "issue"):
        each = getattr(was, f"per_{what}"), getattr(is_now, f"per_{what}")
        yield from _of_limits(f"of each {what}", {"": each[0]}, {"": each[1]})
        yield from _of_limits(f"of {what} ", getattr(was, f"{what}s"), getattr(is_now, f"{what}s"))
    for issue, before, after in paired(was.at_least_one_of, is_now.at_least_one_of, str):
        least = was.at_least_one_of.get(issue), is_now.at_least_one_of.get(issue)
        label = f"at least one of issue {issue}"
        if before is None or after is None:
            verb = "added" if before is None else "removed"
            said = f"{label} {verb}: of {counted(next(n for n in least if n is not None), 'slot')} or more"
            yield Change(about=_ABOUT, kind="gained" if before is None else "lost", said=said, actions=0)
        else:
            yield from changed(_ABOUT, f"{label}, slots from which on", *least, str, actions=0)
    for name, one, other in paired(was.bundles, is_now.bundles, lambda bundle: bundle.name):
        yield from _of_bundle(f"bundle {name}", one, other)


def _of_limits(of: str, was: Mapping[str, int | None], is_now: Mapping[str, int | None]) -> Iterator[Change]:
    for name in sorted({*was, *is_now}):
        limits = was.get(name), is_now.get(name)
        yield from changed(_ABOUT, f"limit {of}{name}", *limits, str, actions=0)


def _of_bundle(about: str, was: Bundle | None, is_now: Bundle | None) -> Iterator[Change]:
    if was is None or is_now is None:
        bundle = was or is_now
        assert bundle is not None, "it is on one side"
        kind, verb = ("gained", "added") if was is None else ("lost", "removed")
        said = f"{verb}: {listed(bundle.actions)}, together or not at all"
        yield Change(about=about, kind=kind, said=said, actions=len(bundle.actions))  # type: ignore[arg-type]
        return
    for action in sorted({*was.actions} ^ {*is_now.actions}):
        if action in was.actions:
            yield Change(about=about, kind="lost", said=f"no longer with {action}", actions=len(is_now.actions))
        else:
            yield Change(about=about, kind="gained", said=f"with {action} too", actions=len(is_now.actions))
    yield from changed(about, "reason", was.reason, is_now.reason, quoted, actions=0)
