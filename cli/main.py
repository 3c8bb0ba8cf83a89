"""`kairos`: the commands, each imported only when it is called."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from cli.say import fail
from shared.domain.errors import KairosError

# command: (module, attribute, one line of help)
_COMMANDS: dict[str, tuple[str, str, str]] = {
    "up": ("cli.up", "up", "Start the platform on this machine, until Ctrl-C."),
    "demo": ("cli.demo", "demo", "Start it with the sample bank and real signals, and watch it decide."),
    "send": ("cli.talk", "send", "Send signals from files."),
    "decide": ("cli.talk", "decide", "Ask what to show a customer now."),
    "explain": ("cli.talk", "explain", "Say why a decision chose what it chose."),
    "measure": ("cli.measure", "measure", "Say what next best action is worth, and what each action did."),
    "replay": ("cli.records", "replay", "Make decisions again from their records, and compare."),
    "seal": ("cli.records", "seal", "Chain and seal the history of a day."),
    "verify": ("cli.records", "verify", "Find what was changed or is missing since."),
    "catalogue": ("cli.catalogue", "catalogue", "Check, build and release the catalogue."),
    "switch": ("cli.switching", "switch", "Switch an action, a brand or a channel off at once, or on again."),
    "audit": ("cli.audit", "audit", "Show who released and switched what, and verify that nobody changed it."),
    "simulate": ("cli.simulate", "simulate", "Decide for many persons, by one revision or two, and compare."),
    "content": ("cli.content", "content", "Show what a treatment says to a person, and what its provider would get."),
    "person": ("cli.person", "person", "Show, take apart, hand over or erase one customer."),
    "channels": ("cli.channels", "channels", "Show at what pace channels are sent to, and what waits."),
    "model": ("cli.model", "model", "Show what the adaptive models know, and what is wrong with them."),
    "bridge": ("cli.bridge", "bridge", "Take in what Kafka topics hold, and write the history to one."),
    "export": ("cli.export", "export", "Write models, interactions or decisions as files that pdstools reads."),
    "weigh": ("cli.measure", "weigh", "Tell the history how probable the choices of a day were."),
    "quarantine": ("cli.quarantine", "quarantine", "List, show and redrive what was parked."),
    "wave": ("cli.waves", "wave", "Start outbound waves, pause, resume, cancel and reconcile them."),
    "workflow": ("cli.workflow", "workflow", "Check, run and trace workflows on this machine."),
    "openapi": ("cli.openapi", "openapi", "Write what the functions take and give over HTTP."),
    "asyncapi": ("cli.asyncapi", "asyncapi", "Write what travels between functions."),
    "cost": ("cli.cost", "cost", "What it costs, per million signals and per decision, by stage."),
    "bench": ("cli.bench", "bench", "Measure speed against peers, in one run."),
    "doctor": ("cli.doctor", "doctor", "Say what this machine can run, and how to get the rest."),
}


class _Commands(click.Group):
    """A group that imports a command when it is needed, so that `kairos` itself starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KairosError as error:
            fail(str(error), "Trying again later may help; the logs of what runs here are in .kairos/logs.")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option("0.1.0", prog_name="kairos")
def kairos() -> None:
    """Next best action: every contact the right one, or none."""


def main(args: list[str] | None = None) -> None:
    """Run the command line: exit code 0, 1 (failed) or 2 (misuse)."""
    kwargs: dict[str, Any] = {"args": args, "prog_name": "kairos"}
    sys.exit(kairos.main(**kwargs, standalone_mode=True))
