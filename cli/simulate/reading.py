"""The lines of a simulation: of a file, so many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from cli.say import fail
from emulators.seed import read_customers
from shared.domain.batch.persons import Line
from shared.domain.catalogue import Revision
from shared.domain.consent import ANY


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
            yield from opened
        return
    yield from _of_table(Path(file), revision, now)


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
