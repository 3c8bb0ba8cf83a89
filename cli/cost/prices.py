"""What counts come to in dollars, by a book of prices: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

TIB, GIB = 1024**4, 1024**3


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dollars of something, and who said so when."""

    dollars: float
    source: str
    date: date


class Prices(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Prices of what is paid for; what each is of, its name says."""

    vcpu_second: Price
    gib_second: Price
    million_requests: Price
    hundred_thousand_reads: Price
    hundred_thousand_writes: Price
    pubsub_tib: Price
    export_tib: Price
    log_gib: Price


class Assumed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is reckoned with and was not counted.

    Attributes:
        request_seconds: how long an instance has a request in hand, waiting included.
        requests_at_once: how many it has in hand, on average, while it has any.
        log_bytes: that a request leaves in the log.
        requests_logged: the share of requests of which the log keeps that.
        smallest_message_bytes: that Pub/Sub reckons of any message.
    """

    request_seconds: float
    requests_at_once: float
    log_bytes: int
    requests_logged: float
    smallest_message_bytes: int


class Book(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A book of prices."""

    prices: Prices
    assumed: Assumed


class Counts(msgspec.Struct, kw_only=True):
    """What a stage did.

    Attributes:
        cpu: of its instances.
        memory_gib: of its instances.
        requests: that it answered.
        reads: documents.
        writes: documents.
        sent: the bytes of each message that it sent, with how many subscriptions took it.
        rows: the bytes of each row of the history that it told.
        noted: the bytes of each other message that BigQuery takes too.
    """

    cpu: float
    memory_gib: float
    requests: int = 0
    reads: int = 0
    writes: int = 0
    sent: list[tuple[int, int]] = []
    rows: list[int] = []
    noted: list[int] = []


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """Dollars, by what they are paid for."""

    compute: float = 0.0
    firestore: float = 0.0
    messages: float = 0.0
    history: float = 0.0
    logs: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.compute + self.firestore + self.messages + self.history + self.logs

    def __add__(self, other: Bill) -> Bill:
        """Both together."""
        return Bill(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})


def bill(counts: Counts, book: Book) -> Bill:
    """What a stage costs."""
    prices, assumed = book.prices, book.assumed
    seconds = counts.requests * assumed.request_seconds / assumed.requests_at_once
    instance_second = counts.cpu * prices.vcpu_second.dollars + counts.memory_gib * prices.gib_second.dollars
    reckoned = [(max(size, assumed.smallest_message_bytes), takers) for size, takers in counts.sent]
    rows = sum(max(size, assumed.smallest_message_bytes) for size in counts.rows)
    noted = sum(max(size, assumed.smallest_message_bytes) for size in counts.noted)
    return Bill(
        compute=seconds * instance_second + counts.requests * prices.million_requests.dollars / 1_000_000,
        firestore=(
            counts.reads * prices.hundred_thousand_reads.dollars
            + counts.writes * prices.hundred_thousand_writes.dollars
        )
        / 100_000,
        messages=sum(size * (1 + takers) for size, takers in reckoned) * prices.pubsub_tib.dollars / TIB,
        history=(rows * prices.pubsub_tib.dollars + (rows + noted) * prices.export_tib.dollars) / TIB,
        logs=counts.requests * assumed.requests_logged * assumed.log_bytes * prices.log_gib.dollars / GIB,
    )


def bills(stages: Mapping[str, Counts], book: Book) -> dict[str, Bill]:
    """What each stage costs."""
    return {name: bill(counts, book) for name, counts in stages.items()}


def together(each: Sequence[Bill]) -> Bill:
    """What they cost together."""
    return sum(each, Bill())
