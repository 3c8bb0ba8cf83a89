# ruff: noqa: INP001 - run by path, never imported as a package
"""Make the sample bank's synthetic customers from the UCI Bank Marketing data set.

Each customer takes age, job, marital status, education, housing loan, personal loan and way of contact from
one row of ``bank-additional-full.csv.gz``, and balance and credit default from a row of ``bank-full.csv.gz``
of the same job and age band, so the joint distributions hold and no row is copied whole. Everything else is
invented with seeded draws. The same seed writes the same bytes. The first twenty are chosen to be ordinary.

    python make_customers.py bank-additional-full.csv.gz bank-full.csv.gz customers.csv
"""

from __future__ import annotations

import argparse
import csv
import gzip
import random
from datetime import datetime
from pathlib import Path

from customer_draws import Cell, Customer, Row, by_job_and_age, draw_customer

SEED = 20260401
CUSTOMERS = 1_000
# The first customers are ordinary ones, for demonstrations and tests: so many of each brand.
ORDINARY = (("northmoor", 12), ("foxglove", 5), ("hallam", 3))

COLUMNS = (
    "customer_no", "brands", "products", "flags", "consents", "reachable",
    "age", "marital", "job", "education", "residency", "region",
    "tenure_months", "balance", "savings_balance", "investable_assets", "isa_allowance_left",
    "fixed_saver_matures_at", "mortgage_balance", "mortgage_ends_at", "has_mortgage", "has_personal_loan",
    "travel_spend_90d", "previous_campaign",
    "income", "disposable_income", "credit_score", "credit_default", "arrears_days", "overdraft_days",
    "has_app", "paperless", "logins_90d", "contact_details_age_months", "relationship_manager",
)  # fmt: skip


def read(path: Path) -> list[Row]:
    """The rows of one of the gzipped, semicolon-separated files."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def ordinary_first(customers: list[Customer]) -> list[Customer]:
    """Put the agreed number of ordinary customers of each brand at the head, mixed; keep the order otherwise."""
    head: list[Customer] = []
    for brand, count in ORDINARY:
        head += [c for c in customers if c.brands == [brand] and c.is_ordinary()][:count]
    if len(head) != sum(count for _, count in ORDINARY):
        raise SystemExit("too few ordinary customers: choose another seed")
    chosen = {id(customer) for customer in head}
    mixed = random.Random(SEED).sample(head, len(head))  # noqa: S311 - synthetic data, not a secret
    return mixed + [customer for customer in customers if id(customer) not in chosen]


def make(additional: list[Row], full: list[Row], count: int, seed: int) -> list[Customer]:
    """So many customers, in the order of their numbers."""
    rng = random.Random(seed)  # noqa: S311 - synthetic data, not a secret
    peers = by_job_and_age(full)
    return ordinary_first([draw_customer(rng, row, peers) for row in rng.sample(additional, count)])


def to_cell(value: Cell) -> str:
    """A value as the CSV file writes it; nothing is an empty cell."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return f"{value:.2f}"
        case datetime():
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        case list():
            return "|".join(value)
        case _:
            return str(value)


def write(customers: list[Customer], path: Path) -> None:
    """Number the customers and write them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for number, customer in enumerate(customers, start=1):
            cells: dict[str, Cell] = {
                "customer_no": f"C{number:06d}",
                "brands": customer.brands,
                "products": customer.products,
                "flags": customer.flags,
                "consents": customer.consents,
                "reachable": customer.reachable,
                **customer.attributes,
            }
            table.writerow({name: to_cell(value) for name, value in cells.items()})


def main() -> None:
    """Read the two files, write the third."""
    parser = argparse.ArgumentParser(description="Make the sample bank's synthetic customers.")
    parser.add_argument("additional", type=Path, help="bank-additional-full.csv.gz")
    parser.add_argument("full", type=Path, help="bank-full.csv.gz")
    parser.add_argument("output", type=Path, help="the CSV file to write")
    parser.add_argument("--count", type=int, default=CUSTOMERS)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    write(make(read(options.additional), read(options.full), options.count, options.seed), options.output)


if __name__ == "__main__":
    main()
