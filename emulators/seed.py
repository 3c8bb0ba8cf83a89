"""The sample bank's customers: read from `catalogue/samples/customers.csv` and put where a core banking feed would put
them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from shared.domain.catalogue import Attribute
from shared.domain.consent import ANY, Consent
from shared.domain.errors import AlreadyExistsError
from shared.domain.identifiers import keyed_hash, normalise
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.domain.signal import digest
from shared.ports import ContactPoints, Persons, creation

SOURCE = "core_banking"
_LISTS = ("brands", "products", "flags", "consents", "reachable")
_WRITERS = 4
_PILOT = 20
"""Customers, the first of them, who are in the audience `pilot` too."""
_AT_ONCE = 100


class Customer(msgspec.Struct, frozen=True, kw_only=True):
    """One customer of the sample bank: the profile, raw identifiers and raw addresses by channel."""

    profile: Person
    identifiers: dict[str, str]
    addresses: dict[str, str]


def read_customers(file: Path, schema: Mapping[str, Attribute], now: datetime) -> list[Customer]:
    """The customers in a file; an empty cell is an attribute that is not known.

    Raises:
        ValueError: a cell does not fit its declared type, with row and column.
    """
    with file.open(newline="", encoding="utf-8") as lines:
        return [_customer(row, schema, now) for row in csv.DictReader(lines)]


def seed_customers(
    customers: Iterable[Customer], identifier_key: bytes, persons: Persons, contact_points: ContactPoints
) -> None:
    """Create the customers' persons, identifiers and contact points; those that are there already stay as they are."""
    everyone = list(customers)
    created = [_person(customer, identifier_key) for customer in everyone]
    parts = [created[start : start + _AT_ONCE] for start in range(0, len(created), _AT_ONCE)]

    def create(part: list[tuple[Person, list[Identifier]]]) -> None:
        try:
            persons.rewrite(creation(part))
        except AlreadyExistsError:
            for profile, links in part:
                with suppress(AlreadyExistsError):
                    persons.rewrite(creation([(profile, links)]))

    with ThreadPoolExecutor(_WRITERS, thread_name_prefix="seed") as pool:
        points = pool.submit(contact_points.put, {c.profile.person_id: c.addresses for c in everyone})
        for _ in pool.map(create, parts):
            pass
        points.result()


def _person(customer: Customer, identifier_key: bytes) -> tuple[Person, list[Identifier]]:
    links = []
    for name, raw in customer.identifiers.items():
        namespace, value = normalise(name, raw)
        links.append(
            Identifier(
                namespace=namespace,
                value=keyed_hash(identifier_key, namespace, value),
                person_id=customer.profile.person_id,
                signal_id="sample",
                source=SOURCE,
                at=customer.profile.created_at,
                rule="authoritative",
            )
        )
    unique = {link.namespace: link.value for link in links if link.namespace == "customer_no"}
    return msgspec.structs.replace(customer.profile, unique=unique), links


def where_it_is_morning(now: datetime) -> str:
    """A time zone in which it is between ten and eleven: quiet hours of the sample bank are over there for nine hours,
    so that what it shows on a laptop does not depend on the hour at which it is started.
    """
    east = (10 - now.astimezone(UTC).hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}" if east else "Etc/UTC"  # the names count westwards


def _customer(row: dict[str, str], schema: Mapping[str, Attribute], now: datetime) -> Customer:
    number = row["customer_no"]
    index = int(number[1:])
    lists = {name: tuple(filter(None, row[name].split("|"))) for name in _LISTS}
    attributes = {
        name: _value(text, schema[name], number, name)
        for name, text in row.items()
        if text and name != "customer_no" and name not in _LISTS
    }
    if "time_zone" in schema:
        attributes["time_zone"] = where_it_is_morning(now)
    word = Consent(granted=True, at=now, source=SOURCE)
    addresses = {
        "email": f"{number.lower()}@customers.example",
        "sms": f"+4477009{index % 100_000:05d}",
        "push": f"sample-token-{number}",
    }
    return Customer(
        profile=Person(
            person_id="p-" + digest("sample", number)[:24],
            version=1,
            created_at=now,
            attributes=attributes,
            brands=lists["brands"],
            products=lists["products"],
            flags=lists["flags"],
            reachable=lists["reachable"],
            audiences=("all_customers", "pilot") if index <= _PILOT else ("all_customers",),
            consents={f"{ANY}:{consent}": word for consent in lists["consents"]},
        ),
        identifiers={"customer_no": number, "email": addresses["email"], "phone": addresses["sms"]},
        addresses={channel: address for channel, address in addresses.items() if channel in lists["reachable"]},
    )


def _value(text: str, attribute: Attribute, customer: str, name: str) -> Any:
    try:
        match attribute.type:
            case "int":
                return int(text)
            case "double":
                return float(text)
            case "bool":
                return {"true": True, "false": False}[text]
            case "timestamp":
                datetime.fromisoformat(text)
                return text
            case "list(string)":
                return text.split("|")
            case "string":
                return text
    except (ValueError, KeyError):
        raise ValueError(f"customer {customer}, column {name}: {text!r} is no {attribute.type}") from None
