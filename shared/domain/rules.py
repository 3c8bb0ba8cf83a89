"""The rules of contact policy as a revision holds them, and the scope that says what a rule or a weight is about."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shared.domain.outcome import OutcomeName
from shared.domain.part import Id, Part, Pounds, Text

Purpose = Literal["marketing", "service", "regulatory", "targeted_support"]
CalendarUnit = Literal["day", "week", "month"]
Period = Literal["hour", "day", "week", "month"]
DayKind = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
CLOCK_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
ClockTime = Annotated[str, Meta(pattern=CLOCK_TIME)]
"""Hours and minutes on the clock of whoever's time zone counts."""

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
    """At most `limit` of these outcomes in scope within a window, counted apart per value of `per`.

    Attributes:
        id: of the rule.
        limit: contacts that may be counted.
        outcomes: which outcomes of a contact make it count.
        window_seconds: how far back the rolling window reaches; with `calendar`, the most that the unit can span.
        reason: why it stops a treatment, in words that a customer may read.
        scope: what it judges and counts.
        per: a level of which each value is counted apart.
        calendar: the window is the current one of these on the person's own calendar, and not a rolling one.
        preference: the profile attribute that holds the person's own limit; the lower of the two counts.
    """

    id: str
    limit: int
    outcomes: tuple[OutcomeName, ...]
    window_seconds: int
    reason: str
    scope: Scope = Scope()
    per: Dimension | None = None
    calendar: CalendarUnit | None = None
    preference: str | None = None


class Cooldown(Part, frozen=True, kw_only=True, tag="cooldown", tag_field="kind"):
    """After one of these outcomes in scope `after`, nothing of scope `blocks` for a while; with `same`, only what
    shares that dimension with it.

    Attributes:
        id: of the rule.
        outcomes: after which of them.
        period_seconds: for how long.
        reason: why it stops a treatment, in words that a customer may read.
        after: of what the outcome was.
        blocks: what it stops.
        same: a level that what it stops shares with what the outcome was of.
        count: how many contacts must have had such an outcome; the period begins with the last of them.
        within_seconds: within how long of each other.
        without: outcomes of which none may have come within that time, or since: three impressions without a click.
    """

    id: str
    outcomes: tuple[OutcomeName, ...]
    period_seconds: int
    reason: str
    after: Scope = Scope()
    blocks: Scope = Scope()
    same: Dimension | None = None
    count: int = 1
    within_seconds: int = 0
    without: tuple[OutcomeName, ...] = ()


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


class QuietTime(Part, frozen=True, kw_only=True):
    """A stretch of the clock on some days; one that ends no later than it begins reaches into the next day.

    Attributes:
        days: on which it begins; every day where none is given. A public holiday is a `holiday` and no other day.
        from_: its first minute, such as "20:00" in quotes.
        until: the first minute after it; "00:00" is the day's end.
    """

    days: tuple[DayKind, ...] = ()
    from_: ClockTime = msgspec.field(name="from", default="00:00")
    until: ClockTime = "00:00"


class QuietHours(Part, frozen=True, kw_only=True, tag="quiet_hours", tag_field="kind"):
    """No contact at these times of the person's own clock.

    Attributes:
        id: of the rule.
        times: when it is quiet.
        reason: why it stops a treatment, in words that a customer may read.
        scope: what keeps quiet.
        max_defer_seconds: how long a treatment may wait for the next allowed instant; 0 is not at all, so that it gives
            way to the runner-up. What waits is decided again then.
        holidays: dates of public holidays, ISO, as they were worked out when the catalogue was built.
    """

    id: str
    times: tuple[QuietTime, ...]
    reason: str
    scope: Scope = Scope()
    max_defer_seconds: int = 0
    holidays: tuple[str, ...] = ()


class Volume(Part, frozen=True, kw_only=True, tag="volume", tag_field="kind"):
    """At most so many contacts per period over all persons; periods are of the bank's own calendar.

    Attributes:
        id: of the rule.
        limit: how many there may be.
        period: hour, day, week from Monday, or month.
        reason: why it stops a treatment.
        scope: what it judges and counts; everything where it is empty.
    """

    id: Id
    limit: Annotated[int, Meta(ge=0)]
    period: Period
    reason: Text
    scope: Scope = Scope()


class Budget(Part, frozen=True, kw_only=True, tag="budget", tag_field="kind"):
    """At most so much spent on contacts per period, by their channels' prices; periods are of the bank's own calendar.

    Attributes:
        id: of the rule.
        pounds: how much may be spent.
        period: hour, day, week from Monday, or month.
        reason: why it stops a treatment.
        scope: what it judges and pays for; everything where it is empty. What costs nothing it does not stop.
    """

    id: Id
    pounds: Pounds
    period: Period
    reason: Text
    scope: Scope = Scope()


class Holdout(Part, frozen=True, kw_only=True, tag="holdout", tag_field="kind"):
    """A stable share of all persons who get none of these purposes, against whom the rest is measured.

    Attributes:
        id: of the rule; with the person's id it says who is held out.
        share: of persons, 0 to 1.
        stops: purposes that they do not get.
        reason: why it stops a treatment.
        scope: of what they do not get it; of everything where it is empty.
    """

    id: Id
    share: Annotated[float, Meta(ge=0, le=1)]
    stops: Annotated[tuple[Purpose, ...], Meta(min_length=1)]
    reason: Text
    scope: Scope = Scope()


Rule = Cap | Cooldown | ConsentRule | ExclusionRule | QuietHours | Volume | Budget | Holdout
