"""A person as an operator reads it."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from cli.explaining import wide_console

_MOST_CONTACTS = 20


def say_person(shown: dict[str, Any]) -> None:
    """Print what is held about a person."""
    console = wide_console()
    console.print(f"[bold]{shown['person_id']}[/bold]  since {_time(shown['created_at'])}, version {shown['version']}")
    if shown["made_of"]:
        made_of = sorted(shown["made_of"], key=itemgetter("created_at", "person_id"))
        console.print(
            "  made of " + ", ".join(f"{each['person_id']} ({_time(each['created_at'])})" for each in made_of)
        )
    for name in ("brands", "products", "flags", "audiences", "reachable"):
        if shown[name]:
            console.print(f"  {name} {escape(', '.join(shown[name]))}")
    table = Table("identifier", "keyed hash", "entered as", "first seen", "by", "rule", box=None)
    for each in shown["identifiers"]:
        by = each["evidence"]
        mark = " (shared)" if each["shared"] else ""
        table.add_row(
            each["namespace"] + mark,
            f"{each['value']}…",
            each["person_id"],
            _time(by["at"]),
            escape(f"{by['source']} {by['signal_id']}"),
            by["rule"],
        )
    console.print(table)
    for each in shown["apart"]:
        console.print(f"  apart: {_named(each['one'])} and {_named(each['other'])}: {escape(each['reason'])}")
    _say_pairs("consent", {key: _word(word) for key, word in shown["consents"].items()})
    _say_pairs("attribute", shown["attributes"])
    _say_contacts(shown)


def say_why(found: dict[str, Any]) -> None:
    """Print a chain of evidence, or what stands against it."""
    one, other = found["persons"]
    if not found["one_person"]:
        click.echo(f"They are two persons: {one} and {other}.")
        for each in found["apart"]:
            click.echo(f"  {_named(each['one'])} and {_named(each['other'])} were seen together {_by(each)},")
            click.echo(f"    and are apart: {each['reason']}")
        return
    click.echo(f"They are one person, {one}:")
    if not found["chain"]:
        click.echo("  nothing stands between them")
    for each in found["chain"]:
        click.echo(f"  {_named(each['start'])} and {_named(each['end'])} were seen together {_by(each)}")


def say_unmerge(unmerged: dict[str, Any]) -> None:
    """Print what an unmerge does, or did."""
    done = unmerged["done"]
    for each in unmerged["refused"]:
        click.echo(
            f"{'✓' if done else '·'} {_named(each['start'])} and {_named(each['end'])}, seen together {_by(each)}: "
            f"{'is' if done else 'will be'} no evidence any more"
        )
    for person_id, made_of in unmerged["persons"].items():
        of = f", made of {', '.join(made_of)}" if made_of else ""
        click.echo(f"  {person_id} {'is' if done else 'will be'} a person by itself{of}")


def _say_pairs(what: str, pairs: dict[str, Any]) -> None:
    if pairs:
        table = Table(what, "", box=None)
        for name, value in sorted(pairs.items()):
            table.add_row(escape(name), escape(str(value)))
        wide_console().print(table)


def _say_contacts(shown: dict[str, Any]) -> None:
    console, contacts = wide_console(), shown["contacts"]
    if not contacts:
        console.print("never contacted")
        return
    table = Table("contact", "treatment", "channel", "state", "as", "outcomes", box=None)
    for each in contacts[:_MOST_CONTACTS]:
        several = f" (the last of {each['stands_for']})" if each["stands_for"] > 1 else ""
        table.add_row(
            _time(each["at"]) + several,
            each["treatment"],
            each["channel"],
            each["state"],
            each["person_id"],
            ", ".join(name for name, _ in sorted(each["outcomes"].items(), key=itemgetter(1))),
        )
    console.print(table)
    if len(contacts) > _MOST_CONTACTS:
        console.print(f"  and {len(contacts) - _MOST_CONTACTS} before that")
    if shown["forgotten"]:
        console.print(f"  and {shown['forgotten']} of long ago that are not held any more")


def _by(each: dict[str, Any]) -> str:
    evidence = each["evidence"]
    return f"at {_time(evidence['at'])} by {evidence['source']} {evidence['signal_id']}"


def _named(each: dict[str, Any]) -> str:
    return f"{each['namespace']} {each['value']}…"


def _word(word: dict[str, Any]) -> str:
    """A word on consent, with what it rests on and what proves it."""
    basis = word.get("basis", "consent").replace("_", " ")
    verb = "withdrawn" if not word["granted"] else "granted" if basis == "consent" else f"granted on {basis}"
    told = f"{verb} {_time(word['at'])} by {word['source']} {word.get('signal_id', '')}".rstrip()
    return f"{told}, {word['proof']}" if word.get("proof") else told


def _time(text: str) -> str:
    return text[:19].replace("T", " ")
