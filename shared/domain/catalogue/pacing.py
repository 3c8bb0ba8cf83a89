"""What a catalogue says of the pace of a channel: how fast all instances together may send, and when they hold off."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.domain.part import Part, Span

PER_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


class SendRate(Part, frozen=True, kw_only=True):
    """How fast all instances together may send: in any stretch of time no more than its part of the limit, and once the
    burst.

    Attributes:
        limit: messages in each second, minute or hour, for long.
        per: second, minute or hour.
        burst: messages at once, after a quiet time; a second's worth where it is not given.
    """

    limit: Annotated[int, Meta(ge=1, le=1_000_000)]
    per: Literal["second", "minute", "hour"] = "second"
    burst: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None

    def __str__(self) -> str:
        return f"{self.limit:,} per {self.per}" + (f", {self.burst:,} at once" if self.burst is not None else "")

    @property
    def per_second(self) -> float:
        """Messages a second, for long."""
        return self.limit / PER_SECONDS[self.per]

    @property
    def at_once(self) -> float:
        """Messages at once."""
        return float(self.burst) if self.burst is not None else max(1.0, self.per_second)


class Breaker(Part, frozen=True, kw_only=True):
    """When nothing is sent for a while, since the provider does not take it.

    Attributes:
        failures: how many different messages in a row must have failed, each by an answer that lets hope.
        pause: for how long nothing is sent then; it doubles with each probe that fails, up to 10 minutes.
    """

    failures: Annotated[int, Meta(ge=2, le=1000)] = 10
    pause: Span = "30s"

    def __str__(self) -> str:
        return f"after {self.failures} failures for {self.pause}"
