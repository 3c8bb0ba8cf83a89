"""The bank of the corpus, on the local platform: a catalogue of five actions and four persons, always the same."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from emulators.local import Bank
from shared.authoring import load
from shared.domain.catalogue import Revision
from shared.domain.consent import Consent
from shared.domain.identifiers import keyed_hash
from shared.domain.identity.links import Identifier
from shared.domain.profile import Person
from shared.ports import Catalogues, ContactPoints, Persons, Releases, creation

CORPUS = Path(__file__).resolve().parent
KEY = b"the key of the corpus' own bank."
SINCE = datetime(2026, 1, 1, tzinfo=UTC)

CUSTOMERS = {
    "T1": Person(
        person_id="p-000000000000000000000001",
        version=1,
        created_at=SINCE,
        attributes={"age": 44, "first_name": "Ida", "disposable_income": 800.5, "deal_ends_at": "2027-01-01T00:00:00Z"},
        brands=("oak",),
        products=("current_account",),
        reachable=("email", "sms"),
        audiences=("all_customers",),
        consents={"*:marketing:*": Consent(granted=True, at=SINCE, source="branch")},
    ),
    "T2": Person(
        person_id="p-000000000000000000000002",
        version=1,
        created_at=SINCE,
        attributes={"age": 17, "first_name": "Bo", "vip": True, "hobbies": ["chess", "rowing"]},
        brands=("oak", "elm"),
        reachable=("email",),
    ),
    "T3": Person(
        person_id="p-000000000000000000000003", version=1, created_at=SINCE, brands=("oak",), flags=("deceased",)
    ),
    "T4": Person(person_id="p-000000000000000000000004", version=1, created_at=SINCE, brands=("elm",)),
}


@cache
def revision() -> Revision:
    """The revision of the bank beside this file."""
    return load(CORPUS / "bank")


def hashed(namespace: str, value: str) -> str:
    """An identifier as it travels in the corpus."""
    return keyed_hash(KEY, namespace, value)


class TreeBank(Bank):
    """What makes an empty platform the bank of the corpus."""

    def __init__(self) -> None:
        super().__init__(CORPUS)
        self.identifier_key = KEY

    @cached_property
    def revision(self) -> Revision:
        return revision()

    def seed(
        self,
        catalogues: Catalogues,
        releases: Releases,
        persons: Persons,
        contact_points: ContactPoints,
        on_progress: Callable[[str], None],
    ) -> None:
        self.begin(catalogues, releases)
        for number, profile in CUSTOMERS.items():
            link = Identifier(
                namespace="customer_no",
                value=hashed("customer_no", number),
                person_id=profile.person_id,
                signal_id="corpus",
                source="branch",
                at=SINCE,
                rule="authoritative",
            )
            persons.rewrite(creation([(profile, [link])]))
            contact_points.put(
                {profile.person_id: {channel: f"{number}@{channel}.example" for channel in profile.reachable}}
            )
        on_progress(f"{len(CUSTOMERS)} customers of {self.revision.catalogue.name} known")
