"""An execution of before, from what the journal has of it."""

from __future__ import annotations

from emulators.workflows.running.clocks import Clock
from emulators.workflows.running.past import Past
from emulators.workflows.serving.executions import Callback, Execution
from emulators.workflows.serving.journal import Arrived, Begun, Came, Ended, Journal, Listens, Record, moment


def remembered(records: list[Record], journal: Journal, clock: Clock) -> tuple[Execution, str]:
    """An execution, and the source that it executes: as it ended, or with what came of its effects until now."""
    [begun] = [each for each in records if isinstance(each, Begun)]
    ended = next((each for each in records if isinstance(each, Ended)), None)
    past = Past(
        [each.outcome() for each in records if isinstance(each, Came)],
        [(each.key, each.value) for each in records if isinstance(each, Arrived)],
    )
    execution = Execution(
        name=begun.name,
        argument=begun.argument,
        revision=begun.revision,
        started=moment(begun.started),
        clock=clock,
        labels=begun.labels,
        callbacks={each.name: Callback(each.url, each.method) for each in records if isinstance(each, Listens)},
        past=Past() if ended else past,
        kept=None if ended else journal.log(begun.name.rpartition("/")[2]),
    )
    if ended is not None:
        execution.end(ended)
    return execution, begun.source
