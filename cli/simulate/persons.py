"""The persons of a simulation: a line of JSON each, or the rows of a table like that of the sample bank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path

import msgspec

from cli.say import fail
from emulators.seed import read_customers
from shared.domain.batch.persons import Line
from shared.domain.catalogue import Revision
from shared.domain.consent import ANY

_decoder = msgspec.json.Decoder(Line)


def read(file: Path, revision: Revision, now: datetime, at_once: int) -> Iterator[tuple[int, list[bytes]]]:
    """The lines of a file, so many at a time, each lot with the number of its first line."""
    if file.suffix == ".csv":
        lines: Iterator[bytes] = _of_table(file, revision, now)
    else:
        lines = file.open("rb")  # closed when it was read to its end
    first = 1
    while some := list(islice(lines, at_once)):
        yield first, some
        first += len(some)


def people(lines: Sequence[bytes], first: int) -> list[Line]:
    """The persons that lines stand for; empty lines stand for nobody."""
    found = []
    for number, line in enumerate(lines, first):
        if line.strip():
            try:
                found.append(_decoder.decode(line))
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                fail(
                    f"line {number} of the persons: {error}",
                    "A person is one JSON object a line.",
                )
    return found


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
