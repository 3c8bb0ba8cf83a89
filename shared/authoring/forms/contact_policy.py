"""contact_policy.yaml: limits on contact."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.authoring.forms.form import HOLIDAYS, WINDOW, Form
from shared.domain.outcome import OutcomeName
from shared.domain.part import Duration, Id, Name, Text
from shared.domain.rules import Budget, ConsentRule, Dimension, ExclusionRule, Holdout, QuietTime, Scope, Volume

Window = Annotated[str, Meta(pattern=WINDOW)]
Year = Annotated[int, Meta(ge=1970, le=2100)]


class Cap(Form, frozen=True, kw_only=True, tag="cap", tag_field="kind"):
    """At most so many outcomes within a window.

    Attributes:
        id: of the rule.
        limit: how many there may be.
        outcomes: which are counted.
        window: how far back they are counted, such as 30d or 1w, or calendar_day, calendar_week (from Monday) or
            calendar_month in the person's own time zone.
        reason: why it stops a treatment, in words that a customer may read.
        scope: what it judges and counts; everything where it is empty.
        per: a level of which each value is counted apart.
        preference: the attribute of the profile that holds the person's own limit; the lower of the two counts.
    """

    id: Id
    limit: Annotated[int, Meta(ge=0)]
    outcomes: Annotated[tuple[OutcomeName, ...], Meta(min_length=1)]
    window: Window
    reason: Text
    scope: Scope = Scope()
    per: Dimension | None = None
    preference: Name | None = None


class Cooldown(Form, frozen=True, kw_only=True, tag="cooldown", tag_field="kind"):
    """After an outcome, or several, nothing for a while.

    Attributes:
        id: of the rule.
        outcomes: after which of them.
        period: for how long, such as 30d or forever.
        reason: why it stops a treatment, in words that a customer may read.
        after: of what the outcome was; of anything where it is empty.
        blocks: what it stops; everything where it is empty.
        same: a level that what it stops shares with what the outcome was of.
        count: how many contacts must have had such an outcome; the period begins with the last of them.
        within: within how long of each other, such as 14d.
        without: outcomes of which none may have come within that time, or since.
    """

    id: Id
    outcomes: Annotated[tuple[OutcomeName, ...], Meta(min_length=1)]
    period: Duration
    reason: Text
    after: Scope = Scope()
    blocks: Scope = Scope()
    same: Dimension | None = None
    count: Annotated[int, Meta(ge=1)] = 1
    within: Duration | None = None
    without: tuple[OutcomeName, ...] = ()


class Holidays(Form, frozen=True, kw_only=True):
    """Public holidays, whose dates are worked out when the catalogue is built.

    Attributes:
        calendar: whose they are, such as GB-ENG for England.
        years: of which years.
    """

    calendar: Annotated[str, Meta(pattern=HOLIDAYS)]
    years: Annotated[tuple[Year, ...], Meta(min_length=1)]


class QuietHours(Form, frozen=True, kw_only=True, tag="quiet_hours", tag_field="kind"):
    """No contact at these times of the person's own clock.

    Attributes:
        id: of the rule.
        times: when it is quiet.
        reason: why it stops a treatment, in words that a customer may read.
        scope: what keeps quiet; everything where it is empty.
        max_defer: how long a treatment may wait for the end of quiet time, such as 12h; without it, none waits and the
            next in rank goes out.
        holidays: which days `holiday` stands for.
    """

    id: Id
    times: Annotated[tuple[QuietTime, ...], Meta(min_length=1)]
    reason: Text
    scope: Scope = Scope()
    max_defer: Duration | None = None
    holidays: Holidays | None = None


Rule = Cap | Cooldown | ConsentRule | ExclusionRule | QuietHours | Volume | Budget | Holdout


class ContactPolicy(Form, frozen=True, kw_only=True):
    """contact_policy.yaml.

    Attributes:
        rules: limits on contact, in the order in which they are tried.
    """

    rules: tuple[Rule, ...]
