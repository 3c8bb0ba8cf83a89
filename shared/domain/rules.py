"""The rules of contact policy as a revision holds them, and the scope that says what a rule or a weight is about."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from shared.domain.outcome import OutcomeName
from shared.domain.part import Id, Part, Text

Purpose = Literal["marketing", "service", "regulatory", "targeted_support"]
Dimension = Literal["brand", "issue", "group", "action", "treatment", "channel", "purpose"]


class Scope(Part, frozen=True, kw_only=True):
    """What a rule is about: every list that is given must hold the value; an empty scope is everything.

    Attributes:
        brands: ids of brands.
        issues: ids of issues.
        groups: ids of groups.
        actions: ids of actions.
        treatments: full ids of treatments, ACTION.TREATMENT.
        channels: ids of channels.
        purposes: of treatments.
    """

    brands: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    treatments: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ()


def in_scope(scope: Scope, of: dict[str, Any]) -> bool:
    """Whether these facts lie in a scope."""
    return (
        (not scope.channels or of["channel"] in scope.channels)
        and (not scope.purposes or of["purpose"] in scope.purposes)
        and (not scope.brands or of["brand"] in scope.brands)
        and (not scope.issues or of["issue"] in scope.issues)
        and (not scope.groups or of["group"] in scope.groups)
        and (not scope.actions or of["action"] in scope.actions)
        and (not scope.treatments or of["treatment"] in scope.treatments)
    )


class Cap(Part, frozen=True, kw_only=True, tag="cap", tag_field="kind"):
    """At most `limit` of these outcomes in scope within a rolling window, counted apart per value of `per`."""

    id: str
    limit: int
    outcomes: tuple[OutcomeName, ...]
    window_seconds: int
    reason: str
    scope: Scope = Scope()
    per: Dimension | None = None


class Cooldown(Part, frozen=True, kw_only=True, tag="cooldown", tag_field="kind"):
    """After one of these outcomes in scope `after`, nothing of scope `blocks` for a while; with `same`, only what
    shares that dimension with it.
    """

    id: str
    outcomes: tuple[OutcomeName, ...]
    period_seconds: int
    reason: str
    after: Scope = Scope()
    blocks: Scope = Scope()
    same: Dimension | None = None


class ConsentRule(Part, frozen=True, kw_only=True, tag="consent", tag_field="kind"):
    """These purposes, where in scope, need the person's consent for the brand and channel.

    Attributes:
        id: of the rule.
        purposes: which need consent.
        reason: why it stops a treatment, in words that a customer may read.
        scope: where they need it; everywhere where it is empty.
    """

    id: Id
    purposes: Annotated[tuple[Purpose, ...], Meta(min_length=1)]
    reason: Text
    scope: Scope = Scope()


class ExclusionRule(Part, frozen=True, kw_only=True, tag="exclusion", tag_field="kind"):
    """A flag of the person that stops some purposes.

    Attributes:
        id: of the rule.
        flag: as it stands in profile.flags.
        stops: purposes that it stops.
        reason: why it stops a treatment, in words that a customer may read.
    """

    id: Id
    flag: Id
    stops: Annotated[tuple[Purpose, ...], Meta(min_length=1)]
    reason: Text


Rule = Cap | Cooldown | ConsentRule | ExclusionRule
