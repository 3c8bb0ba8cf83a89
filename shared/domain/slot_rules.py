"""What a catalogue says of the slots of one request: limits, wanted issues, and what is shown together."""

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.domain.part import Name, Part, Text
from shared.domain.slots.limits import SlotLimits

AtMost = Annotated[int, Meta(ge=1)]


class Bundle(Part, frozen=True, kw_only=True):
    """Actions that are chosen together or not at all.

    Attributes:
        name: what explanations call it.
        actions: ids of the actions, at least two.
        reason: why they belong together.
    """

    name: Name
    actions: Annotated[tuple[str, ...], Meta(min_length=2)]
    reason: Text


class SlotRules(Part, frozen=True, kw_only=True):
    """What the treatments of one request obey together, over all its placements.

    Attributes:
        per_group: at most so many of each group; no limit where it is not given.
        groups: at most so many of these groups, instead of `per_group`.
        per_issue: at most so many of each issue; no limit where it is not given.
        issues: at most so many of these issues, instead of `per_issue`.
        at_least_one_of: issues of which one is wanted, each with the slots that a request must have for that.
        bundles: actions that are chosen together or not at all.
    """

    per_group: AtMost | None = None
    groups: dict[str, AtMost] = msgspec.field(default_factory=dict)
    per_issue: AtMost | None = None
    issues: dict[str, AtMost] = msgspec.field(default_factory=dict)
    at_least_one_of: dict[str, AtMost] = msgspec.field(default_factory=dict)
    bundles: tuple[Bundle, ...] = ()

    def of_group(self, group: str) -> int | None:
        """How many of a group there may be, None for any number."""
        return self.groups.get(group, self.per_group)

    def of_issue(self, issue: str) -> int | None:
        """How many of an issue there may be, None for any number."""
        return self.issues.get(issue, self.per_issue)

    def wanted(self, slots: int) -> tuple[str, ...]:
        """Issues of which one is wanted where a request has so many slots."""
        return tuple(issue for issue, least in sorted(self.at_least_one_of.items()) if slots >= least)

    def limits(self, wanted: tuple[str, ...]) -> SlotLimits:
        """The same for filling, with the issues that are wanted."""
        return SlotLimits(
            per_group=self.per_group,
            groups=self.groups,
            per_issue=self.per_issue,
            issues=self.issues,
            at_least_one_of=wanted,
            bundles=tuple(bundle.actions for bundle in self.bundles),
        )
