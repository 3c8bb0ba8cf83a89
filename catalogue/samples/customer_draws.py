# ruff: noqa: INP001 - imported by a script that is run by path
"""One synthetic customer of the sample bank: what a row of the data set says of it, and what seeded draws invent."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

# Renewals and maturities are spread from here on; a month apart there is always one due.
FIRST_MATURITY = datetime(2026, 6, 1, tzinfo=UTC)

OUTBOUND = ("email", "sms", "push")
INBOUND = ("web", "mobile_app", "call_centre", "branch")

JOBS = {"admin.": "admin", "blue-collar": "blue_collar", "self-employed": "self_employed"}
EDUCATION = {
    "illiterate": "none",
    "basic.4y": "primary",
    "basic.6y": "primary",
    "basic.9y": "lower_secondary",
    "high.school": "secondary",
    "professional.course": "professional",
    "university.degree": "degree",
}
PREVIOUS_CAMPAIGN = {"nonexistent": "none"}
MEDIAN_INCOME = {
    "admin.": 27_000, "blue-collar": 25_500, "entrepreneur": 41_000, "housemaid": 17_500,
    "management": 54_000, "retired": 19_500, "self-employed": 31_000, "services": 23_500,
    "student": 9_500, "technician": 36_000, "unemployed": 9_000, "unknown": 26_000,
}  # fmt: skip
# Most have paid nothing into an ISA this year.
ISA_LEFT = (0, 4_000, 8_500, 12_000, 20_000, 20_000, 20_000)
# Nations and regions with about their share of the population, in per cent.
REGIONS = {
    "east_midlands": 7, "east_of_england": 9, "london": 13, "north_east": 4, "north_west": 11,
    "northern_ireland": 3, "scotland": 8, "south_east": 14, "south_west": 9, "wales": 5,
    "west_midlands": 9, "yorkshire": 8,
}  # fmt: skip

Row: TypeAlias = dict[str, str]
Cell: TypeAlias = str | int | float | bool | datetime | list[str] | None
T = TypeVar("T")


@dataclass(slots=True)
class Customer:
    """One synthetic customer; an attribute that is absent or None is an empty cell."""

    brands: list[str]
    products: list[str]
    flags: list[str]
    consents: list[str]
    reachable: list[str]
    attributes: dict[str, Cell] = field(default_factory=dict)

    def is_ordinary(self) -> bool:
        """Adult, resident, no flags, in credit, consenting and reachable everywhere, with the usual data known."""
        wanted = {f"marketing:{channel}" for channel in (*OUTBOUND, *INBOUND)}
        known = ("income", "disposable_income", "savings_balance", "credit_score", "overdraft_days", "logins_90d")
        a = self.attributes
        return (
            not self.flags
            and wanted <= set(self.consents)
            and set(OUTBOUND) <= set(self.reachable)
            and isinstance(a["age"], int)
            and a["age"] >= 21
            and a["residency"] == "uk"
            and a["arrears_days"] == 0
            and isinstance(a["balance"], float)
            and a["balance"] > 0
            and all(a[name] is not None for name in known)
        )


def age_band(age: int) -> int:
    """Decades; 70 and over is one band."""
    return min(age, 79) // 10


def by_job_and_age(rows: list[Row]) -> dict[tuple[str, int], list[Row]]:
    """The rows by (job, age band), and by ("", age band) for where a cell is thin."""
    cells: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        band = age_band(int(row["age"]))
        cells[row["job"], band].append(row)
        cells["", band].append(row)
    return cells


def known(value: str) -> bool | None:
    """yes, no or unknown."""
    return None if value == "unknown" else value == "yes"


def sometimes(rng: random.Random, value: T, missing: float) -> T | None:
    """The value, or nothing with the given probability: real data has holes."""
    return None if rng.random() < missing else value


def to_pence(amount: float) -> float:
    """Pounds, rounded to the penny."""
    return round(amount, 2)


def draw_brands(rng: random.Random, age: int, income: float, assets: float) -> list[str]:
    """The home brand first, and for some a second one."""
    if income >= 85_000 or assets >= 150_000:
        home = "hallam" if rng.random() < 0.75 else "northmoor"
    else:
        home = "foxglove" if rng.random() < (0.38 if age < 35 else 0.16) else "northmoor"
    brands = [home]
    if home == "northmoor" and rng.random() < 0.08:
        brands.append("foxglove")
    if home == "hallam" and rng.random() < 0.25:
        brands.append("northmoor")
    return brands


def draw_flags(rng: random.Random, age: int, arrears_days: int) -> list[str]:
    """The few markers that change how a person may be treated."""
    chances = {
        "vulnerable": 0.03 + (0.05 if age >= 75 else 0.0),
        "deceased": 0.004 + (0.01 if age >= 75 else 0.0),
        "bereavement": 0.008,
        "fraud_marker": 0.006,
        "do_not_decision": 0.006,
        "objects_to_profiling": 0.010,
        "open_complaint": 0.012,
        "collections": 0.35 if arrears_days >= 90 else 0.0,
        "minor": 1.0 if age < 18 else 0.0,
    }
    return [flag for flag, chance in chances.items() if rng.random() < chance]


def draw_consents(rng: random.Random, *, has_app: bool) -> list[str]:
    """Half are content with everything; of the others each channel was asked and answered by itself."""
    content = rng.random() < 0.5
    chances = {"email": 0.45, "sms": 0.25, "push": 0.5 if has_app else 0.0, **dict.fromkeys(INBOUND, 0.8)}
    if content:
        chances = {channel: chance and 0.98 for channel, chance in chances.items()}
    consents = [f"marketing:{channel}" for channel, chance in chances.items() if rng.random() < chance]
    # Targeted support is asked separately; most give the same answer.
    support = [consent.replace("marketing", "targeted_support") for consent in consents]
    return consents + support if rng.random() < 0.85 else consents


def draw_reachable(rng: random.Random, contact: str, *, has_app: bool) -> list[str]:
    """Which outbound channels have a working contact point."""
    chances = {
        "email": 0.93,
        "sms": 0.97 if contact == "cellular" else 0.55,
        "push": 0.85 if has_app else 0.0,
    }
    return [channel for channel, chance in chances.items() if rng.random() < chance]


def draw_products(rng: random.Random, brands: list[str], assets: float, age: int, *, has_mortgage: bool) -> list[str]:
    """What is held with the group: products, and features switched on."""
    wealth = min(assets / 40_000, 1.0)
    chances = {"current_account": 0.97, "credit_card": 0.28, "overdraft": 0.4 if age >= 18 else 0.0}
    if "northmoor" in brands:
        chances |= {
            "savings_account": 0.6,
            "cash_isa": 0.12 + 0.3 * wealth,
            "regular_saver": 0.14,
            "fixed_saver": 0.05 + 0.3 * wealth,
            "stocks_isa": 0.03 + 0.15 * wealth,
            "mortgage": 0.55 if has_mortgage else 0.0,
            "home_insurance": 0.3 if has_mortgage else 0.04,
        }
    if "foxglove" in brands:
        chances |= {"instant_saver": 0.35, "round_ups": 0.4, "payment_alerts": 0.6}
    if "hallam" in brands:
        chances |= {"investment_portfolio": 0.7, "reserve_saver": 0.4, "mortgage": 0.3 if has_mortgage else 0.0}
    if age < 18:
        return ["current_account"]
    return [product for product, chance in chances.items() if rng.random() < chance]


def draw_month(rng: random.Random, months: int) -> datetime:
    """A first of the month, within so many months."""
    year, month = divmod(FIRST_MATURITY.month - 1 + rng.randrange(months), 12)
    return FIRST_MATURITY.replace(year=FIRST_MATURITY.year + year, month=month + 1)


def draw_customer(rng: random.Random, row: Row, peers: dict[tuple[str, int], list[Row]]) -> Customer:
    """One customer: the row says who, a peer how much, the draws the rest."""
    age = int(row["age"])
    if rng.random() < 0.012:  # the data set has next to no minors, a bank has some
        age = rng.randint(11, 17)
    student = age < 18
    band = age_band(max(age, 18))
    near = peers.get((row["job"], band), [])
    peer = rng.choice(near if len(near) >= 30 else peers["", band])
    balance = int(peer["balance"]) * rng.uniform(0.95, 1.05)
    has_mortgage = False if student else known(row["housing"])
    has_personal_loan = False if student else known(row["loan"])

    job = "student" if student else row["job"]
    income = 0.0 if student else MEDIAN_INCOME[job] * rng.lognormvariate(0.05, 0.38)
    if job in {"management", "entrepreneur", "self-employed", "technician"} and rng.random() < 0.08:
        income *= 2.6
    savings = max(0.0, balance * rng.lognormvariate(0.3, 1.0)) if rng.random() < 0.85 else 0.0
    assets = savings + (income * rng.lognormvariate(-0.4, 1.2) if income > 38_000 and age > 30 else 0.0)
    brands = draw_brands(rng, age, income, assets)
    if brands[0] == "hallam":  # the data set's savers are of the high street
        savings += rng.lognormvariate(9.6, 0.8)
        assets += savings + income * rng.lognormvariate(0.2, 0.7)
    credit_default = None if row["default"] == "unknown" else known(peer["default"])
    stretched = balance < 0 or credit_default is True
    arrears_days = rng.choice((12, 21, 34, 47, 65, 95, 130)) if rng.random() < (0.16 if stretched else 0.025) else 0
    overdraft_days = rng.randint(20, 90) if balance < 0 else rng.choice((0, 0, 0, 0, 2, 5, 9, 18))
    costs = 0.62 + 0.1 * bool(has_mortgage) + 0.06 * bool(has_personal_loan) + rng.uniform(-0.12, 0.12)
    disposable = income * 0.78 / 12 * (1 - costs)
    score = round(min(999, max(180, rng.gauss(720, 110) - 170 * stretched - 1.5 * arrears_days + balance / 150)))
    thin_file = age < 21 or rng.random() < 0.05

    has_app = "foxglove" in brands or rng.random() < max(0.25, 1.02 - max(age - 25, 0) * 0.011)
    products = draw_products(rng, brands, assets, age, has_mortgage=has_mortgage is True)
    residency = rng.choices(("uk", "crown_dependency", "abroad"), (955, 20, 25))[0]
    region = rng.choices(list(REGIONS), list(REGIONS.values()))[0] if residency == "uk" else None
    most_tenure = max(2, (age - 10) * 12 if brands[0] != "foxglove" else min(84, (age - 10) * 12))

    attributes: dict[str, Cell] = {
        "age": age,
        "marital": "single" if student else ("" if row["marital"] == "unknown" else row["marital"]) or None,
        "job": None if job == "unknown" else JOBS.get(job, job),
        "education": EDUCATION.get(row["education"]),
        "residency": residency,
        "region": region,
        "tenure_months": min(most_tenure, 1 + int(rng.expovariate(1 / 90))),
        "balance": to_pence(balance),
        "savings_balance": sometimes(rng, to_pence(savings), 0.04),
        "investable_assets": sometimes(rng, to_pence(assets), 0.08),
        "isa_allowance_left": sometimes(rng, float(rng.choice(ISA_LEFT)), 0.12),
        "fixed_saver_matures_at": draw_month(rng, 36) if "fixed_saver" in products else None,
        "mortgage_balance": to_pence(rng.lognormvariate(11.8, 0.45)) if "mortgage" in products else None,
        "mortgage_ends_at": draw_month(rng, 60) if "mortgage" in products else None,
        "has_mortgage": has_mortgage,
        "has_personal_loan": has_personal_loan,
        "travel_spend_90d": to_pence(rng.lognormvariate(4.8, 1.0)) if rng.random() < 0.3 else 0.0,
        "previous_campaign": PREVIOUS_CAMPAIGN.get(row["poutcome"], row["poutcome"]),
        "income": sometimes(rng, to_pence(income), 0.07),
        "disposable_income": sometimes(rng, to_pence(disposable), 0.09),
        "credit_score": None if thin_file else score,
        "credit_default": credit_default,
        "arrears_days": arrears_days if age >= 18 else 0,
        "overdraft_days": sometimes(rng, overdraft_days if age >= 18 else 0, 0.03),
        "has_app": has_app,
        "paperless": sometimes(rng, rng.random() < (0.75 if has_app else 0.2), 0.02),
        "logins_90d": sometimes(rng, int(rng.expovariate(1 / 40 if has_app else 1 / 4)), 0.03),
        "contact_details_age_months": sometimes(rng, int(rng.expovariate(1 / 22)), 0.05),
        "relationship_manager": rng.random() < 0.6 if "hallam" in brands else None,
    }
    return Customer(
        brands=brands,
        products=products,
        flags=draw_flags(rng, age, arrears_days),
        consents=draw_consents(rng, has_app=has_app),
        reachable=draw_reachable(rng, row["contact"], has_app=has_app),
        attributes=attributes,
    )
