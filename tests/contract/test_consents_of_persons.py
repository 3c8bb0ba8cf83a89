"""What a person said under several identifiers counts alike in every store, in whatever order it is heard."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest

from shared.domain.consent import consents_to
from shared.domain.signal import ConsentChange
from tests.property.identities import Platform, signal


def says(number, hour, granted, **identifiers):
    spoken = (ConsentChange(purpose="marketing", granted=granted, proof=f"form {number}"),)
    return msgspec.structs.replace(signal(number, identifiers, hour), consent=spoken)


REFUSED = says(1, 1, granted=False, device_id="d1")
GRANTED = says(2, 2, granted=True, customer_no="c1")
MET = signal(3, {"customer_no": "c1", "device_id": "d1"}, 3)
SINCE = says(4, 4, granted=True, customer_no="c1")


@pytest.mark.parametrize(("stream", "consented"), [([REFUSED, GRANTED, MET], False), ([REFUSED, MET, SINCE], True)])
def test_every_order_ends_in_the_same(documents, stream, consented):
    ended = []
    for number, order in enumerate(permutations(stream)):
        platform = Platform(documents.persons, prefix=f"p-{number}")
        for each in (*order, order[0]):
            whose = {ns: f"{value}-{number}" for ns, value in each.identifiers.items()}
            identified = platform.take(msgspec.structs.replace(each, identifiers=whose))
        last = documents.persons.profile(identified.person_id).value
        person = documents.persons.profile(last.merged_into or last.person_id).value
        ended.append(person.consents)

    assert all(consents == ended[0] for consents in ended)
    assert consents_to(ended[0], brand="oak", purpose="marketing", channel="email") == consented
    assert {word.proof for word in ended[0].values()} == {"form 4" if consented else "form 1"}
