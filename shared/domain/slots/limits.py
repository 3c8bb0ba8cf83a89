"""What a catalogue says of its slots, and the arrays that filling reads instead of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

UNLIMITED = 1 << 30

Nodes = tuple[int, int, int]
"""A treatment's action, group and issue, numbered together: each is one more set that a limit may stand on."""


class SlotLimits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The limits a catalogue declares on what one request is given.

    Attributes:
        per_group: at most this many treatments of each group, None for no limit.
        groups: the same for groups that have a number of their own; it takes the place of `per_group`.
        per_issue, issues: likewise for issues.
        at_least_one_of: issues of which one treatment is wanted whenever one can be had.
        bundles: sets of action ids, all or none. Bundles that share an action hold together and count as one.

    Ids that no treatment has stand for nothing, except in a bundle, which can then never be complete.
    """

    per_group: int | None = None
    groups: dict[str, int] = {}
    per_issue: int | None = None
    issues: dict[str, int] = {}
    at_least_one_of: tuple[str, ...] = ()
    bundles: tuple[tuple[str, ...], ...] = ()


class SlotTreatment(msgspec.Struct, frozen=True, kw_only=True):
    """What slots need to know of one treatment; `placements` are those it is made for."""

    action: str
    group: str
    issue: str
    placements: tuple[str, ...] = ()
    mandatory: bool = False


class Layout:
    """The treatments of a revision as arrays by treatment number, worked out once.

    Attributes:
        nodes: action, group and issue of each treatment.
        limit: the most treatments, by node: 1 for an action.
        mandatory: whether each treatment is.
        fits: for each treatment the number of its set of placements, of which few are distinct; those that a limit of
            0 bars share one that fits nowhere.
        sets_with: placement to the numbers of the sets that hold it; None is any placement and stands in each.
        required: issue id by node, of issues of which at least one is wanted.
        bundle_of: bundle number by action node.
        bundles: the action nodes of each bundle; None where an action of it has no treatment.
        special: whether each treatment is of a wanted issue or a bundle.
    """

    def __init__(self, treatments: Sequence[SlotTreatment], limits: SlotLimits) -> None:
        """Number everything.

        Raises:
            ValueError: an action is in two groups, or a group in two issues.
        """
        node: dict[tuple[str, str], int] = {}
        above: dict[int, int] = {}
        self.limit: list[int] = []

        def number(kind: str, name: str, at_most: int | None) -> int:
            if (kind, name) not in node:
                node[kind, name] = len(self.limit)
                self.limit.append(UNLIMITED if at_most is None else at_most)
            return node[kind, name]

        def under(child: int, parent: int, what: str) -> None:
            if above.setdefault(child, parent) != parent:
                raise ValueError(what)

        self.nodes: list[Nodes] = []
        sets: dict[frozenset[str] | None, int] = {}
        self.fits: list[int] = []
        for treatment in treatments:
            group, issue = treatment.group, treatment.issue
            action_node = number("action", treatment.action, 1)
            group_node = number("group", group, limits.groups.get(group, limits.per_group))
            issue_node = number("issue", issue, limits.issues.get(issue, limits.per_issue))
            under(action_node, group_node, f"action {treatment.action} is in more than one group")
            under(group_node, issue_node, f"group {group} is in more than one issue")
            self.nodes.append((action_node, group_node, issue_node))
            never = self.limit[group_node] <= 0 or self.limit[issue_node] <= 0
            self.fits.append(sets.setdefault(None if never else frozenset(treatment.placements), len(sets)))
        self.mandatory = [treatment.mandatory for treatment in treatments]
        self.sets = len(sets)
        self.sets_with: dict[str | None, list[int]] = {}
        for placements, n in sets.items():
            if placements is not None:
                for placement in (None, *placements):
                    self.sets_with.setdefault(placement, []).append(n)
        self.required = {node["issue", i]: i for i in limits.at_least_one_of if ("issue", i) in node}
        self.wanted_issues = limits.at_least_one_of
        self.bundles = [
            tuple(node["action", a] for a in bundle) if all(("action", a) in node for a in bundle) else None
            for bundle in _apart(limits.bundles)
        ]
        self.bundle_of = {
            node["action", a]: n
            for n, bundle in enumerate(_apart(limits.bundles))
            for a in bundle
            if ("action", a) in node
        }
        self.special = [
            action in self.bundle_of or issue in self.required for action, _, issue in self.nodes
        ]


def _apart(bundles: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """The bundles with those that share an action united: all or none of each is all or none of their union."""
    apart: list[set[str]] = []
    for bundle in bundles:
        joined = [other for other in apart if not other.isdisjoint(bundle)]
        apart = [other for other in apart if other.isdisjoint(bundle)]
        apart.append(set(chain(bundle, *joined)))
    return [tuple(sorted(bundle)) for bundle in apart]
