"""The lines of a simulation: of a file, so many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import chain, islice
from pathlib import Path

import click
import msgspec

from cli.say import fail
from emulators.seed import read_customers
from shared.domain.batch.persons import Line
from shared.domain.catalogue import Revision
from shared.domain.consent import ANY

LOOKED_AT = 1000
"""Lines in which attributes are looked for that nobody declares."""


def lots(lines: Iterator[bytes], at_once: int) -> Iterator[tuple[int, list[bytes]]]:
    """Lines, so many at a time, each lot with the number of its first."""
    first = 1
    while some := list(islice(lines, at_once)):
        yield first, some
        first += len(some)


def lines_of(file: str, revision: Revision, now: datetime) -> Iterator[bytes]:
    """The lines of a file; of a table like that of the sample bank what stands for each customer."""
    if not is_table(file):
        with Path(file).open("rb") as opened:
            first = list(islice(opened, LOOKED_AT))
            _warn_of_strangers(first, revision)
            yield from chain(first, opened)
        return
    yield from _of_table(Path(file), revision, now)


def _warn_of_strangers(lines: Sequence[bytes], revision: Revision) -> None:
    """Say which attributes no condition can read, as one whose name is mistyped; a line that is none is told later."""
    known, strangers = revision.catalogue.profile_schema, set[str]()
    for line in lines:
        with suppress(msgspec.MsgspecError, UnicodeDecodeError):
            strangers |= msgspec.json.decode(line, type=_Attributes).attributes.keys() - known.keys()
    if strangers:
        named = ", ".join(sorted(strangers)[:5])
        click.secho(
            f"! schema.yaml declares no {named}: nothing can read what persons have of it", fg="yellow", err=True
        )


class _Attributes(msgspec.Struct):
    attributes: dict[str, msgspec.Raw] = {}


def is_table(file: str) -> bool:
    """Whether a file is read as a table, on the machine where the command is, and not line by line."""
    return file.endswith(".csv")


def _of_table(file: Path, revision: Revision, now: datetime) -> Iterator[bytes]:
    schema = {name: each for name, each in revision.catalogue.profile_schema.items() if name != "time_zone"}
    try:
        customers = read_customers(file, schema, now)
    except (ValueError, KeyError, TypeError) as error:
        fail(f"{file}: {error}", "A table has the columns of catalogue/samples/customers.csv.")
    for customer in customers:
        profile = customer.profile
        yield msgspec.json.encode(
            Line(
                person_id=customer.identifiers["customer_no"],
                attributes=profile.attributes,
                brands=profile.brands,
                products=profile.products,
                flags=profile.flags,
                reachable=profile.reachable,
                audiences=profile.audiences,
                consents=tuple(key.removeprefix(f"{ANY}:") for key in profile.consents),
            )
        )
