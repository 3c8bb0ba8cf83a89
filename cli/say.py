"""What the command line prints: for people, or with `--json` for programs; errors to stderr with a next step."""

from __future__ import annotations

from typing import Any, NoReturn

import click
import msgspec

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def say_json(value: Any) -> None:
    """Print a value as indented JSON."""
    say_json_bytes(msgspec.json.encode(value))


def say_json_bytes(encoded: bytes) -> None:
    """Print JSON, indented."""
    click.echo(msgspec.json.format(encoded, indent=2).decode())


def printable(text: str) -> str:
    """Text of strangers for a terminal: what would steer it, such as an escape sequence, is written out."""
    return "".join(c if c.isprintable() or c in "\n\t" else repr(c)[1:-1] for c in text)


def fail(what: str, next_step: str = "") -> NoReturn:
    """End with exit code 1, saying what was wrong and what to do."""
    say_failure(what, next_step)
    raise SystemExit(1)


def say_failure(what: str, next_step: str = "") -> None:
    """Say what was wrong and what to do."""
    click.secho(f"✗ {what}", fg="red", err=True)
    if next_step:
        click.echo(f"  → {next_step}", err=True)
