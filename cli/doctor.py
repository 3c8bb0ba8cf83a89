"""`kairos doctor`: what this machine can run, what is missing and how to get it."""

from __future__ import annotations

import platform
import sys

import click

from emulators import google


@click.command()
def doctor() -> None:
    """Say what this machine can run, what is missing and how to get it."""
    click.echo(f"✓ Python {platform.python_version()} ({sys.executable})")
    found = google.find()
    if isinstance(found, google.Missing):
        click.echo(f"· {found.what}\n  → {found.how}")
        click.echo("  without them: kairos up --on embedded, and tests that need neither")
    else:
        click.echo("✓ Google's Pub/Sub and Firestore emulators and Java")
    from emulators import bigquery, kafka, terraform

    what, how = kafka.MISSING
    click.echo("✓ a Kafka broker: kairos up --bus kafka" if kafka.find() else f"· {what}\n  → {how}")
    absent = bigquery.missing()
    click.echo(
        f"· BigQuery's emulator needs {', '.join(absent)}\n  → make setup" if absent else "✓ BigQuery's emulator"
    )
    click.echo(
        "✓ Terraform: tests apply infra/ with it" if terraform.find() else f"· {terraform.WHAT}\n  → {terraform.HOW}"
    )
