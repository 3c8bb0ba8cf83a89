"""Watches a run: prints each decision as it is made, keeps count, and sums up."""

from __future__ import annotations

import statistics
import threading
import time
from collections import Counter
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from shared.domain.candidates import count
from shared.domain.decision import DecisionRecord
from shared.domain.non_sends import withheld_in
from shared.domain.policy.policy import Policy
from shared.domain.retrace import retrace
from shared.messages import HistoryRow

_ENDED = {
    "late_signal": "late: the profile learnt of it, no decision",
    "no_trigger": "no trigger: the profile learnt of it, no decision",
    "re_entry": "its trigger started a decision lately: the profile learnt of it, no other",
}
_ENDS = frozenset({"sent", "failed", "expired", "cancelled"})


class Sent(msgspec.Struct):
    """A signal that was accepted: whose, from which source, and when the 202 came."""

    who: str
    source: str
    at: float


class Watch:
    """What became of the signals of one run."""

    def __init__(self, policy: Policy, console: Console) -> None:
        """Name actions by the revision that decides; print on `console`."""
        self._policy = policy
        self._revision = policy.revision
        self._console = console
        self._changed = threading.Condition()
        self._sent: dict[str, Sent] = {}
        self._refused: list[str] = []
        self._decisions: dict[str, HistoryRow] = {}
        self._records: dict[str, DecisionRecord] = {}
        self._outcomes: dict[str, HistoryRow] = {}

    def sent(self, who: str, source: str, answer: dict[str, Any], at: float) -> None:
        """Note the answer to one signal, received at `at` (seconds since the epoch)."""
        with self._changed:
            for item in answer.get("accepted", []):
                self._sent.setdefault(item["decision_id"], Sent(who, source, at))
                if item["decision_id"] in self._decisions:  # decided before the answer was read
                    self._say(self._decisions[item["decision_id"]])
            problems = [r["problem"] for r in answer.get("rejected", [])] or (
                [answer] if "accepted" not in answer else []
            )
            for problem in problems:
                self._refused.append(str(problem.get("detail")))
                self._console.print(f"[red]✗[/red] {who:<9} {source:<9} refused: {problem.get('detail')}")

    def hear(self, row: HistoryRow) -> None:
        """Take a row of the history; a repeated one changes nothing."""
        with self._changed:
            if row.kind == "outcome":
                if row.outcome in _ENDS and row.decision_id:
                    self._outcomes.setdefault(row.decision_id, row)
            elif row.row_id not in self._decisions:
                self._decisions[row.row_id] = row
                if row.kind == "decision" and row.record is not None:
                    self._records[row.row_id] = msgspec.json.decode(row.record, type=DecisionRecord)
                if row.row_id in self._sent:
                    self._say(row)
            self._changed.notify_all()

    def wait(self, seconds: float, told: threading.Event) -> bool:
        """Wait until every accepted signal has come to its end; False when that takes too long or somebody said
        stop.
        """
        deadline = time.monotonic() + seconds
        with self._changed:
            while self._unsettled() and not told.is_set():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.2))
            return not self._unsettled()

    def unsettled(self) -> int:
        """How many accepted signals have not come to an end."""
        with self._changed:
            return len(self._unsettled())

    def worth_explaining(self) -> str | None:
        """A decision that sent something and withheld or dropped others: the one with most to explain."""
        with self._changed:
            return max(
                (i for i, r in self._records.items() if r.result == "reserved"),
                key=lambda i: (len(self._records[i].stops) > 0, count(self._records[i]), i),
                default=next(iter(self._records), None),
            )

    def _unsettled(self) -> list[str]:
        return [
            decision_id
            for decision_id in self._sent
            if (row := self._decisions.get(decision_id)) is None
            or (row.outcome == "reserved" and decision_id not in self._outcomes)
        ]

    def _say(self, row: HistoryRow) -> None:
        known = self._sent[row.row_id]
        record = self._records.get(row.row_id)
        if record is None:
            signal = msgspec.json.decode(row.record or "{}")
            what, answer = signal.get("type", "?"), f"[dim]{_ENDED.get(row.outcome, row.outcome)}[/dim]"
        else:
            what, answer = record.signal.type, self._answer(record)
        self._console.print(
            f"{known.who:<9} {known.source:<9} {what:<32.32} {answer}", overflow="ellipsis", no_wrap=True
        )

    def _answer(self, record: DecisionRecord) -> str:
        if record.chosen:
            action, treatment = self._revision.treatment(record.chosen[0].treatment)
            withheld = len(withheld_in(self._policy, record))
            over = f" [dim]over {withheld} withheld[/dim]" if withheld else ""
            return f"[green]→ {treatment.channel:<6}[/green] {action.name}{over}"
        if record.deferred is not None:
            until = record.deferred.until.isoformat(timespec="minutes")
            return f"[yellow]deferred[/yellow]: {record.deferred.treatment} until {until}, {record.deferred.rule}"
        if record.result == "all_withheld":
            return f"[yellow]nothing[/yellow]: {_stopping_rule(record)}"
        if record.result == "excluded":
            return f"[yellow]nothing[/yellow]: excluded, {record.excluded_by}"
        common = Counter(drop.condition for drop in retrace(self._policy, record).drops).most_common(2)
        return f"[yellow]nothing[/yellow]: no action qualifies ({', '.join(f'{name} × {n}' for name, n in common)})"

    def say_summary(self, received: list[dict[str, Any]], parked: int) -> None:
        """Print the closing table; `received` is what the providers got."""
        with self._changed:
            results = Counter(record.result for record in self._records.values())
            ended = Counter(row.outcome for row in self._decisions.values() if row.kind == "signal")
            stopped = Counter(_stopping_rule(r) for r in self._records.values() if r.result == "all_withheld")
            ends = Counter(row.outcome for row in self._outcomes.values())
            table = Table(title="What happened", title_justify="left", box=None, show_header=False, padding=(0, 2))
            table.add_row("signals accepted / refused", f"{len(self._sent)} / {len(self._refused)}")
            table.add_row("persons", str(len({row.person_id for row in self._decisions.values()})))
            table.add_row("decisions", str(len(self._records)))
            table.add_row("signals that ended at identity", f"{ended.total()} ({_counted(ended)})")
            table.add_row("messages at the providers", f"{len(received)} ({self._by_channel(received)})")
            table.add_row("deliveries that ended otherwise", str(ends.total() - ends["sent"]))
            for rule, count in stopped.most_common():
                table.add_row(f"  suppressed by {rule}", str(count))
            if results["deferred"]:
                table.add_row("  deferred until quiet hours end", str(results["deferred"]))
            table.add_row("  nothing qualified / excluded", f"{results['nothing_qualified']} / {results['excluded']}")
            table.add_row("parked in quarantine", str(parked))
            sent = [row for row in self._outcomes.values() if row.outcome == "sent"]
            if sent:
                table.add_row("reads, writes, messages of a message sent", _usage(sent))
            nothing = [row for row in self._decisions.values() if row.outcome != "reserved"]
            if nothing:
                table.add_row("reads, writes, messages of any other signal", _usage(nothing))
            if latencies := self._latencies(received):
                table.add_row(
                    "from 202 to the provider", f"p50 {_p(latencies, 50):.0f} ms, p95 {_p(latencies, 95):.0f} ms"
                )
        self._console.print()
        self._console.print(table)

    @staticmethod
    def _by_channel(received: list[dict[str, Any]]) -> str:
        return ", ".join(f"{channel} {n}" for channel, n in sorted(Counter(m["channel"] for m in received).items()))

    def _latencies(self, received: list[dict[str, Any]]) -> list[float]:
        """Milliseconds from the 202 to the provider's receipt."""
        got = {message["delivery_id"]: datetime.fromisoformat(message["at"]).timestamp() for message in received}
        return [
            (got[row.delivery_id] - self._sent[decision_id].at) * 1000
            for decision_id, row in self._decisions.items()
            if row.delivery_id in got and decision_id in self._sent
        ]


def _stopping_rule(record: DecisionRecord) -> str:
    """The rule that stopped the best of the withheld, with what it counted."""
    first = record.stops[0]
    return f"{first.kind} {first.rule}"


def _counted(ended: Counter[str]) -> str:
    return ", ".join(f"{reason.replace('_', ' ')} {n}" for reason, n in ended.most_common()) or "none"


def _usage(rows: list[HistoryRow]) -> str:
    means = [statistics.fmean(values) for values in zip(*((r.reads, r.writes, r.messages) for r in rows), strict=True)]
    return " / ".join(f"{mean:.1f}" for mean in means)


def _p(values: list[float], percentile: int) -> float:
    return sorted(values)[min(len(values) - 1, len(values) * percentile // 100)]
