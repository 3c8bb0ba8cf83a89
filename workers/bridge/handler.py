"""The bridge: a log's records to the door, what it refuses to quarantine, and rows of the history to a log.

What a source wrote is raw, and may hold addresses: the quarantine keeps where a refused record stands, and not what it
says. The log keeps that, for as long as its owner wants.

Nothing is told to be dealt with before it is kept: by the door, which answers when Pub/Sub has the signal, by the
quarantine, or by the log. So a bridge may die anywhere, and what it had not told of comes again. That is the same
signal by its id, and is decided once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from shared.domain.errors import KairosError
from shared.domain.signal import digest
from shared.ports import Clock, Intake, Outlet, Parked, Quarantine, Record, Records, Rows
from shared.runtime.telemetry import log

FUNCTION = "bridge"
"""Who parks, as the quarantine names it."""

SHORTEST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 30.0

_SentAs = tuple[str, tuple[tuple[str, str], ...]]
"""As which source, and with which headers."""

Heard = Callable[[int, int], None]
"""Hears how many records were taken in and how many parked."""


class Bridge:
    """Takes records in."""

    def __init__(
        self,
        intake: Intake,
        quarantine: Quarantine,
        sources: Mapping[str, str],
        clock: Clock,
        *,
        brokers: str,
        revision: str,
    ) -> None:
        """Send as the source that `sources` names for each topic of `brokers`; `revision` is of this program."""
        self._intake = intake
        self._quarantine = quarantine
        self._sources = sources
        self._clock = clock
        self._brokers = brokers
        self._revision = revision

    def __call__(self, records: Sequence[Record]) -> tuple[int, int]:
        """Have every record taken in, or parked with where it stood; how many were taken in, and how many parked.

        A record without a value, which in a compacted topic says that something is no more, is no signal.

        Raises:
            TransientError: not all were; the same once more does no harm.
        """
        taken = parked = 0
        alike: dict[_SentAs, list[Record]] = {}
        for record in records:
            if record.value is not None:
                alike.setdefault((self._sources[record.topic], tuple(sorted(record.headers.items()))), []).append(
                    record
                )
        for (source, headers), told in alike.items():
            reasons = self._intake.take(source, [record.value or b"" for record in told], dict(headers))
            for record, reason in zip(told, reasons, strict=True):
                if reason is not None:
                    self._quarantine.park(self._parked(record, source, reason))
                    parked += 1
                else:
                    taken += 1
        return taken, parked

    def _parked(self, record: Record, source: str, reason: str) -> Parked:
        place = {"topic": record.topic, "partition": str(record.partition), "offset": str(record.offset)}
        return Parked(
            id="q-" + digest(FUNCTION, *place.values(), str(record.written_ms)),
            function=FUNCTION,
            revision=self._revision,
            topic=record.topic,
            reason=f"{record.topic} partition {record.partition} offset {record.offset}: {reason}"[:1000],
            kind="permanent",
            at=self._clock(),
            data=b"",
            attributes={
                **{f"kafka_{name}": value for name, value in place.items()},
                "kafka_brokers": self._brokers,
                "source": source,
            },
        )


def take_in(records: Records, bridge: Bridge, stop: threading.Event, heard: Heard = lambda _in, _parked: None) -> None:
    """Have records taken in, batch by batch, until `stop` is set. While the door does not take them they wait."""
    failures = 0
    while not stop.is_set():
        batch = records.next()
        if not batch:
            continue
        try:
            taken, parked = bridge(batch)
        except KairosError as error:
            failures += 1
            log("WARNING", f"{FUNCTION}: {error}", records=len(batch))
            records.again(batch, _pause(failures))
            continue
        failures = 0
        records.accept(batch)
        heard(taken, parked)


def tell_history(rows: Rows, outlet: Outlet, stop: threading.Event) -> None:
    """Append rows of the history to a log until `stop` is set. While it does not take them they wait."""
    failures = 0
    while not stop.is_set():
        try:
            batch = rows.pull()
            outlet.tell(batch)
            rows.acknowledge(batch)
        except KairosError as error:
            failures += 1
            log("WARNING", f"{FUNCTION}: {error}")
            stop.wait(_pause(failures))
        else:
            failures = 0


def together(loops: Iterable[Callable[[], None]], stop: threading.Event) -> None:
    """Run loops side by side until all have ended. When one fails the others are stopped, and its error is raised."""
    failed: list[BaseException] = []

    def run(loop: Callable[[], None]) -> None:
        try:
            loop()
        except BaseException as error:  # noqa: BLE001 - raised again below, by whoever waits
            failed.append(error)
            stop.set()

    threads = [threading.Thread(target=run, args=(loop,)) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def _pause(failures: int) -> float:
    return min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2.0 ** min(failures - 1, 10))
