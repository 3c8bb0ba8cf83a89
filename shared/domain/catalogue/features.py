"""What a catalogue says of signals over time: features that they keep up to date, and triggers that let one decide."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.domain.part import Cel, Duration, Id, Name, Part, Span, Text

Bucket = Literal["1m", "5m", "15m", "1h", "6h", "1d"]

BUCKET_SECONDS: dict[Bucket, int] = {"1m": 60, "5m": 300, "15m": 900, "1h": 3600, "6h": 21600, "1d": 86400}

MOST_FEATURES = 64
"""Features that a catalogue may declare."""

MOST_BUCKETS = 100
"""Buckets that a window may have."""


class Feature(Part, frozen=True, kw_only=True, tag_field="kind"):
    """Something kept up to date on the profile as signals arrive, and read there like any other attribute.

    Attributes:
        name: what it is called under profile, beside the attributes of schema.yaml.
        description: what it means, with its unit.
        types: the types of signal that it takes in; every type where it is empty.
        when: CEL over signal and context that a signal must hold to be taken in; what it reads must be there.
    """

    name: Name
    description: Text
    types: tuple[Id, ...] = ()
    when: Cel | None = None


class Count(Feature, frozen=True, kw_only=True, tag="count"):
    """How many signals there were in a window; an int.

    Attributes:
        window: how far back it looks, such as 7d, or forever.
        bucket: how finely it slides; where it is not given, by about a thirtieth of the window, and never finer than a
            minute or coarser than a day.
        default: its value before any signal came; unknown where it is not given.
    """

    window: Duration
    bucket: Bucket | None = None
    default: Annotated[int, Meta(ge=0)] | None = None


class Sum(Feature, frozen=True, kw_only=True, tag="sum"):
    """The sum of an amount of each signal in a window; a double.

    Attributes:
        amount: CEL over signal and context that yields the amount; a signal without one is not taken in.
        window: how far back it looks, such as 30d, or forever.
        bucket: how finely it slides; where it is not given, by about a thirtieth of the window, and never finer than a
            minute or coarser than a day.
        default: its value before any signal came; unknown where it is not given.
    """

    amount: Cel
    window: Duration
    bucket: Bucket | None = None
    default: float | None = None


class Decayed(Feature, frozen=True, kw_only=True, tag="decayed_sum"):
    """The sum of an amount of each signal, of which half is left after each half-life; a double.

    Attributes:
        amount: CEL over signal and context that yields the amount; a signal without one is not taken in.
        half_life: after how long half of an amount is left, such as 30d.
        default: its value before any signal came; unknown where it is not given.
    """

    amount: Cel
    half_life: Span
    default: float | None = None


class Distinct(Feature, frozen=True, kw_only=True, tag="distinct"):
    """How many different values the signals in a window had; an int.

    Attributes:
        of: CEL over signal and context that yields the value; a signal without one is not taken in.
        window: how far back it looks, such as 30d, or forever.
        bucket: how finely it slides; where it is not given, by about a thirtieth of the window, and never finer than a
            minute or coarser than a day.
        default: its value before any signal came; unknown where it is not given.
    """

    of: Cel
    window: Duration
    bucket: Bucket | None = None
    default: Annotated[int, Meta(ge=0)] | None = None


class LastSeen(Feature, frozen=True, kw_only=True, tag="last_seen"):
    """When the latest signal was; a timestamp, unknown before any came."""


class FirstSeen(Feature, frozen=True, kw_only=True, tag="first_seen"):
    """When the earliest signal was; a timestamp, unknown before any came."""


class Step(Part, frozen=True, kw_only=True):
    """One step of a sequence.

    Attributes:
        types: the types of signal that make the step; every type that the feature takes in where it is empty.
        when: CEL over signal and context that a signal must hold to make the step.
    """

    types: tuple[Id, ...] = ()
    when: Cel | None = None


class Sequence(Feature, frozen=True, kw_only=True, tag="sequence"):
    """Whether steps came one after the other; a bool, which is true from the last step on for as long as the window.

    Attributes:
        steps: what comes after what; other signals may come between.
        within: how long it may be from the first step to the last, such as 30m.
        window: for how long after the last step it is true, such as 7d.
        default: its value before any signal came; unknown where it is not given.
    """

    steps: Annotated[tuple[Step, ...], Meta(min_length=2, max_length=5)]
    within: Span
    window: Span
    default: bool | None = None


AnyFeature = Count | Sum | Decayed | Distinct | LastSeen | FirstSeen | Sequence


class Trigger(Part, frozen=True, kw_only=True):
    """Which signals may start a decision; all others update the profile and end there.

    Attributes:
        name: what the history and explanations call it.
        types: the types of signal that it takes; every type where it is empty.
        when: CEL over signal, context, profile, features included, and now; what it reads must be there.
        not_again_within: for how long after a decision that it started it starts no other for the same person.
    """

    name: Name
    types: tuple[Id, ...] = ()
    when: Cel | None = None
    not_again_within: Span | None = None
