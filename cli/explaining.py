"""An explanation as a person reads it."""

from __future__ import annotations

import json
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
    if "says" in explanation:
        _say_to_customer(explanation, console)
        return
    console.print(f"[bold]{escape(explanation['headline'])}[/bold]")
    console.print(f"  decision {explanation['decision_id']} · person {explanation['person_id']}")
    console.print(f"  revision {explanation['revision'][:23]}…")
    for line in filter(None, [*explanation["arms"], explanation["again"]]):
        console.print(f"  {escape(line)}")
    if explanation["chosen"]:
        table = Table("chosen", "P propensity", "× C context", "× V value £", "× L lever", "= priority", box=None)
        for chosen in explanation["chosen"]:
            figures = [
                f"{chosen[name]:.4g}" if name in chosen else "–"
                for name in ("propensity", "context", "value", "lever", "priority")
            ]
            table.add_row(chosen["treatment"], *figures)
        console.print(table)
    told = [*_said(explanation["chosen"]), *_drawn(explanation["chosen"]), *_selected(explanation["selection"])]
    for line in [*told, *explanation["against_runner_up"]]:
        console.print(f"  {escape(line)}")
    if explanation["levers"]:
        console.print(f"  {escape(explanation['levers'])}")
    _say_withheld(explanation["withheld"], console)
    _say_left_out(explanation["left_out"], explanation["remarks"], console)
    _say_dropped(explanation["dropped"], console)
    for conflict in explanation["conflicts"]:
        console.print(f"[bold]Identity conflict[/bold] {escape(conflict)}")
    if explanation["why_not"]:
        _say_why_not(explanation["why_not"], console)
    if "record" in explanation:
        _say_to_regulator(explanation, console)


def _drawn(chosen: list[dict[str, Any]]) -> list[str]:
    """Which propensities were drawn, and around what."""
    return [
        f"P of {each['treatment']} was drawn to explore: {each['propensity']:.4g}, around {each['mean_propensity']:.4g}"
        for each in chosen
        if "mean_propensity" in each
    ]


def _selected(selection: dict[str, Any] | None) -> list[str]:
    """How probable the choice was, where anything else was possible."""
    if selection is None or selection == {"probability": 1.0, "how": "exact"}:
        return []
    again = ", as choosing again and again says" if selection["how"] == "drawn" else ""
    return [f"What was given first had a probability of {selection['probability']:.3g}{again}"]


def _said(chosen: list[dict[str, Any]]) -> list[str]:
    """Which propensities an estimator from outside said, and what the models would have said."""
    return [
        f"P of {each['treatment']} was said by {each['propensity_said_by']}; the models' was "
        f"{each['propensity_of_models']:.4g}"
        for each in chosen
        if "propensity_said_by" in each
    ]


def _told(value: Any) -> str:
    """A value that was read, as a catalogue writes it."""
    return "missing" if value is None else json.dumps(value, ensure_ascii=False)


def _say_to_customer(explanation: dict[str, Any], console: Console) -> None:
    for sentence in explanation["says"]:
        console.print(escape(sentence))
    if explanation["looked_at"]:
        console.print(f"For this we looked at: {escape('; '.join(explanation['looked_at']))}.")


def _say_why_not(told: dict[str, Any], console: Console) -> None:
    """What would have let an action win."""
    console.print(f"[bold]Why not {escape(told['action'])}[/bold]")
    if told.get("because"):
        console.print(f"  {escape(told['because'])}")
    changes = [change["says"] for change in told.get("changes", [])]
    if told["outcome"] == "chosen":
        return
    if told["outcome"] == "cannot":
        console.print("  What would have let it win cannot be said, or is nothing.")
        return
    console.print(f"  It would have won by {told['treatment']} with:")
    for change in changes:
        console.print(f"    {escape(change)}")
    for change in told.get("alternatives", []):
        console.print(f"    or {escape(change['says'])}")
    if told.get("assumed"):
        console.print("  Its propensity is taken to be the declared one: none was worked out for it then.")


def _say_to_regulator(explanation: dict[str, Any], console: Console) -> None:
    """What the explanation rests on; `--json` prints it whole."""
    record, replay = explanation["record"], explanation["replay"]
    console.print("[bold]What this rests on[/bold]")
    console.print(f"  record sha256:{explanation['record_digest']}")
    console.print(f"  revision {explanation['revision']} of {escape(explanation['catalogue'])}")
    console.print(f"  models {explanation['models'] or 'none were asked'}")
    console.print(f"  decided at {record['decided_at']}, contact policy at {record['reserved_at']}")
    console.print(f"  replayed: {'the same, byte for byte' if replay['agrees'] else 'not the same'}")
    table = Table("ranked", "P propensity", "× C context", "× V value £", "× L lever", "= priority", box=None)
    for ranked in explanation["ranked"]:
        names = ("propensity", "context", "value", "lever", "priority")
        table.add_row(ranked["treatment"], *[f"{ranked[name]:.6g}" for name in names])
    console.print(table)
    if explanation["predictors"]:
        console.print("[bold]P looked at[/bold]")
    for each in explanation["predictors"]:
        console.print(f"  {escape(each['reads'])} = {escape(_told(each['value']))}: {escape(each['bin'])}")
    console.print("[bold]Conditions[/bold]")
    for each in explanation["conditions"]:
        read = ", ".join(f"{path} = {_told(value)}" for path, value in each["values"].items())
        verdict = each["verdict"] or "differs by action"
        text = f"{each['level']} {each['kind']} {each['condition']} {verdict}: {each['when']}  [{read}]"
        console.print(f"  {escape(text)}")
    console.print("[bold]Rules[/bold]")
    for rule in explanation["rules"]:
        said = ", ".join(f"{name} {value}" for name, value in rule.items() if name not in ("id", "kind", "reason"))
        console.print(f"  {escape(rule['kind'])} {escape(rule['id'])}: {escape(rule['reason'])} ({escape(said)})")

    said = ", ".join(f"{name} {value}" for name, value in explanation["slots"].items())
    console.print(f"[bold]Slots of a request[/bold] {escape(said or 'obey nothing but their number')}")
    without = explanation["without_levers"]
    if without:
        chosen = ", ".join(each["treatment"] for each in without["chosen"]) or "nothing"
        console.print(f"[bold]With every lever at 1[/bold] the choice would have been {escape(chosen)}.")


def _say_withheld(withheld: list[dict[str, Any]], console: Console) -> None:
    if withheld:
        console.print("[bold]Withheld by contact policy[/bold]")
    for each in withheld:
        until = f", allowed {each['allowed']}" if each["allowed"] else ""
        rule = f"{each['kind']} {each['rule']} ({each['scope']})"
        console.print(f"  {each['treatment']}: {escape(rule)}{until}. {escape(each['reason'])}")


def _say_left_out(left_out: list[dict[str, Any]], remarks: list[str], console: Console) -> None:
    """What limits, bundles and wanted issues kept out of the slots, and what else is to be said of them."""
    if left_out or remarks:
        console.print("[bold]Not in the slots[/bold]")
    for each in left_out:
        console.print(f"  {each['treatment']}: {escape(each['because'])}")
    for sentence in remarks:
        console.print(f"  {escape(sentence)}")


def _say_dropped(dropped: list[dict[str, Any]], console: Console) -> None:
    """The first drops with what their conditions read, the rest counted."""
    if dropped:
        console.print("[bold]Dropped by engagement policy[/bold]")
    for drop in dropped[:_MOST_DROPS]:
        read = ", ".join(f"{path} = {_told(value)}" for path, value in drop["values"].items())
        because = f"{drop['when']}  [{read}]" if drop["when"] else drop["reason"]
        console.print(
            f"  {drop['treatment'] or drop['action']}: {drop['kind']} {drop['condition']} "
            f"({drop['level']}) {drop['verdict']}: {escape(because)}"
        )
    rest = Counter(drop["condition"] for drop in dropped[_MOST_DROPS:])
    if rest:
        console.print(f"  and {rest.total()} more: " + ", ".join(f"{name} × {n}" for name, n in rest.most_common()))
