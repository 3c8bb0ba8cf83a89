"""An explanation as a person reads it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_MOST_DROPS = 12
_PIPED_WIDTH = 150


def wide_console() -> Console:
    """A console as wide as the terminal; where there is none, wide enough for a line a decision."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_PIPED_WIDTH)


def say_explanation(explanation: dict[str, Any], console: Console | None = None) -> None:
    """Print the answer, the winner against the runner-up, what was withheld and what was dropped, with values read."""
    console = console or wide_console()
    console.print(f"[bold]{escape(explanation['headline'])}[/bold]")
    console.print(f"  decision {explanation['decision_id']} · person {explanation['person_id']}")
    console.print(f"  revision {explanation['revision'][:23]}…")
    if explanation["chosen"]:
        table = Table("chosen", "P propensity", "× C context", "× V value £", "× L lever", "= priority", box=None)
        for chosen in explanation["chosen"]:
            figures = [
                f"{chosen[name]:.4g}" if name in chosen else "–"
                for name in ("propensity", "context", "value", "lever", "priority")
            ]
            table.add_row(chosen["treatment"], *figures)
        console.print(table)
    for line in explanation["against_runner_up"]:
        console.print(f"  {escape(line)}")
    if explanation["withheld"]:
        console.print("[bold]Withheld by contact policy[/bold]")
        for withheld in explanation["withheld"]:
            until = f", allowed from {withheld['until']}" if withheld["until"] else ""
            console.print(
                f"  {withheld['treatment']}: {withheld['kind']} {withheld['rule']}{until}. {escape(withheld['reason'])}"
            )
    if explanation["dropped"]:
        console.print("[bold]Dropped by engagement policy[/bold]")
        for drop in explanation["dropped"][:_MOST_DROPS]:
            read = ", ".join(f"{path} = {value!r}" for path, value in drop["values"].items())
            because = f"{drop['when']}  [{read}]" if drop["when"] else drop["reason"]
            console.print(
                f"  {drop['treatment'] or drop['action']}: {drop['kind']} {drop['condition']} "
                f"({drop['level']}) {drop['verdict']}: {escape(because)}"
            )
        rest = Counter(drop["condition"] for drop in explanation["dropped"][_MOST_DROPS:])
        if rest:
            console.print(f"  and {rest.total()} more: " + ", ".join(f"{name} × {n}" for name, n in rest.most_common()))
    for conflict in explanation["conflicts"]:
        console.print(f"[bold]Identity conflict[/bold] {escape(conflict)}")
