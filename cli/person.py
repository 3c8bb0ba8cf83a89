"""`kairos person`: one customer."""

from __future__ import annotations

import click

from cli import privacy


@click.group()
def person() -> None:
    """One customer: what is held, handed over or erased."""


person.add_command(privacy.export)
person.add_command(privacy.erase)
person.add_command(privacy.readmit)
person.add_command(privacy.keys)
