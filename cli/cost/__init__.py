"""`kairos cost`: what it costs, per million signals and per decision, by stage."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from cli.platform import ROOT
from cli.say import fail, json_option, say_json

if TYPE_CHECKING:
    from cli.cost.counting import Counted
    from cli.cost.prices import Bill, Book

PRICES = ROOT / "infra" / "prices.yaml"
MILLION = 1_000_000


@click.command()
@click.option("--prices", "file", default=PRICES, type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option("--signals", type=click.IntRange(min=1), help="How many of the sample bank's are counted; default all.")
@click.option("--asked", type=click.IntRange(min=1), default=50, show_default=True, help="How many decisions are.")
@json_option
def cost(file: Path, signals: int | None, asked: int, as_json: bool) -> None:
    """Count what the sample bank's signals, and decisions that a web page asks for, do on this machine, stage by stage,
    and say what a million would cost on Google Cloud by a book of prices.

    A model and no bill: documents, messages and bytes are counted, the time of instances is assumed.
    """
    from cli.cost.prices import bills, together

    book = _book(file)
    counted = _counted(signals, asked)
    of_stages = bills(counted.stages, book)
    inbound = of_stages.pop("decide")
    outbound = together(list(of_stages.values()))
    per = {
        "million_signals": outbound.total / counted.signals * MILLION,
        "decision_of_a_signal": outbound.total / max(1, counted.decided),
        "message_sent": outbound.total / max(1, counted.sent),
        "million_asked_decisions": inbound.total / counted.asked * MILLION,
    }
    if as_json:
        say_json(_for_programs(counted, of_stages, inbound, per, book))
        return
    _say(counted, of_stages, inbound, per, book, file)


def _book(file: Path) -> Book:
    import msgspec

    from cli.cost.prices import Book

    try:
        return msgspec.yaml.decode(file.read_bytes(), type=Book)
    except msgspec.ValidationError as error:
        fail(f"{file}: {error}", f"{PRICES} shows what a book of prices holds.")


def _counted(signals: int | None, asked: int) -> Counted:
    import yaml

    from cli.cost.counting import let_decide, listen, reckon
    from emulators.embedded import Embedded
    from emulators.local import Bank
    from emulators.samples import load

    topology = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
    samples = load(ROOT / "catalogue" / "samples")[:signals]
    customers = [f"C{number:06}" for number in range(1, asked + 1)]
    with (
        redirect_stdout(sys.stderr),  # functions in this process log where the answer goes
        TemporaryDirectory() as state,
        Embedded(Bank(ROOT), state=Path(state)) as platform,
    ):
        heard = listen(platform, topology)
        let_decide(platform, samples, customers)
    return reckon(heard, topology, signals=len(samples), asked=asked)


def _for_programs(
    counted: Counted, of_stages: dict[str, Bill], inbound: Bill, per: dict[str, float], book: Book
) -> dict[str, Any]:
    parts = inbound.__struct_fields__
    return {
        "dollars_per": per,
        "counted": {
            "signals": counted.signals,
            "decided": counted.decided,
            "sent": counted.sent,
            "asked": counted.asked,
        },
        "stages": {
            name: {
                "requests": counted.stages[name].requests,
                "reads": counted.stages[name].reads,
                "writes": counted.stages[name].writes,
                "messages": len(counted.stages[name].sent),
                "rows": len(counted.stages[name].rows),
                "dollars": {part: getattr(bill, part) for part in parts} | {"total": bill.total},
            }
            for name, bill in {**of_stages, "decide": inbound}.items()
        },
        "assumed": book.assumed,
    }


def _say(
    counted: Counted, of_stages: dict[str, Bill], inbound: Bill, per: dict[str, float], book: Book, file: Path
) -> None:
    from rich.table import Table

    from cli.cost.prices import together
    from cli.explaining import wide_console

    console = wide_console()
    parts = list(inbound.__struct_fields__)
    table = Table(box=None, title="Dollars per million signals", title_justify="left", header_style="")
    for name in ("", "requests", "reads", "writes", *parts, "total", "share"):
        table.add_column(name, justify="left" if not name else "right")
    whole = together(list(of_stages.values()))

    def row(name: str, bill: Bill, of: int, total: float, counts: tuple[int, ...]) -> None:
        dollars = [getattr(bill, part) / of * MILLION for part in (*parts, "total")]
        share = f"{bill.total / total:.0%}" if total else ""
        table.add_row(name, *(f"{each / of:.2f}" for each in counts), *(f"{each:.2f}" for each in dollars), share)

    for name, bill in of_stages.items():
        did = counted.stages[name]
        row(name, bill, counted.signals, whole.total, (did.requests, did.reads, did.writes))
    sums = tuple(
        sum(getattr(counted.stages[name], what) for name in of_stages) for what in ("requests", "reads", "writes")
    )
    row("together", whole, counted.signals, whole.total, sums)
    did = counted.stages["decide"]
    row("decide, a million", inbound, counted.asked, inbound.total, (did.requests, did.reads, did.writes))
    console.print(table)
    console.print(
        f"\nOf {counted.signals} signals {counted.decided} were decided on and {counted.sent} became a message: "
        f"${per['decision_of_a_signal']:.6f} a decision, ${per['message_sent']:.6f} a message sent; "
        f"${per['million_asked_decisions'] / MILLION:.6f} a decision that is asked for.\n"
        f"A model, not a bill: an instance has a request in hand for {book.assumed.request_seconds:g} s and "
        f"{book.assumed.requests_at_once:g} at once, by {file.name}; nothing of what is stored, and no free tier."
    )
