"""The persons of a simulation: a line of JSON each, or the rows of a table like that of the sample bank."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from cli.say import fail
from emulators.seed import read_customers
from shared.domain.catalogue import Revision
from shared.domain.consent import ANY, Consent
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_read import ContactRead, PastContact
from shared.domain.profile import Profile

SOURCE = "simulation"


class Line(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A person as a line has one.

    Attributes:
        person_id: by whatever name the person is to be told.
        attributes, brands, products, flags, reachable, audiences: as of a profile.
        consents: what is consented to, `PURPOSE:CHANNEL` for every brand or `BRAND:PURPOSE:CHANNEL`.
        contacts: what was shown or sent before, and what became of it.
    """

    person_id: str
    attributes: dict[str, Any] = {}
    brands: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    reachable: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    consents: tuple[str, ...] = ()
    contacts: tuple[PastContact, ...] = ()

    def profile(self, now: datetime) -> Profile:
        """The person as a decision sees one."""
        word = Consent(granted=True, at=now, source=SOURCE)
        return Profile(
            person_id=self.person_id,
            version=1,
            created_at=now,
            attributes=self.attributes,
            brands=self.brands,
            products=self.products,
            flags=self.flags,
            reachable=self.reachable,
            audiences=self.audiences,
            consents={key if key.count(":") == 2 else f"{ANY}:{key}": word for key in self.consents},
        )

    def history(self, revision: Revision) -> ContactHistory:
        """The contacts before."""
        return ContactRead(contacts=self.contacts).history(revision) if self.contacts else _NO_CONTACTS


_NO_CONTACTS = ContactHistory()
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
