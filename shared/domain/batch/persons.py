"""The persons of a simulation, as a line of a file has them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from shared.domain.catalogue import Revision
from shared.domain.consent import ANY, Consent
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_read import ContactRead, PastContact
from shared.domain.profile import Profile

SOURCE = "simulation"
"""Whom signals and consents of a simulation are from."""


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
