"""Consents through the door: a brand's is its own, what others wrote counts as the catalogue says, objections hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from shared.domain.signal import digest
from shared.messages import ContactReserved
from shared.runtime.envelope import write
from tests.e2e.platforms import signal
from tests.tc_strings import tc_string

VENDOR = 4711
"""The number of Northmoor that `catalogue/consent.yaml` makes up."""


def consents(bank, person, **fields):
    """What counts of a person when the decision on a signal with these fields is made."""
    return bank.record(bank.send(signal(person, **fields))).profile.consents


def test_a_word_is_kept_with_its_basis_and_its_proof_for_its_brand_alone(bank):
    [person] = bank.newcomers(1)
    word = {"granted": True, "basis": "contract", "proof": "terms 2026-03"}

    held = consents(bank, person, id=f"{person}-1", brand="hallam", consent={"service": {"email": word}})

    kept = held["hallam:service:email"]
    assert (kept.granted, kept.basis, kept.proof, kept.signal_id) == (True, "contract", "terms 2026-03", f"{person}-1")
    assert {key for key in held if key.endswith(":service:email")} == {"hallam:service:email"}


def test_a_tc_string_and_consent_mode_speak_for_the_brand_of_their_page(bank):
    [person] = bank.newcomers(1)
    chosen = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=3)
    said = {"consents": {1, 3, 4}, "created": chosen, "vendor_consents": [VENDOR], "disclosed": [VENDOR, 12]}

    by_string = consents(bank, person, brand="northmoor", consent={"tcf": tc_string(**said)})
    by_mode = consents(bank, person, brand="foxglove", consent={"gcd": "13q3q3q3q5"})

    assert by_string["northmoor:marketing:web"].granted
    assert by_string["northmoor:marketing:web"].at == chosen
    assert by_string["northmoor:marketing:web"].proof.startswith("tcf:cmp=27 ")
    assert not by_mode["foxglove:marketing:web"].granted
    assert by_mode["northmoor:marketing:web"].granted
    assert by_mode["foxglove:marketing:web"].proof == "consent_mode:gcd=13q3q3q3q5"


def test_whoever_objects_to_profiling_is_not_decided_about_until_it_is_taken_back(bank):
    [person] = bank.newcomers(1)

    objecting = bank.decided(bank.send(signal(person, consent={"profiling": False})))
    still = bank.decided(bank.send(signal(person)))
    back = bank.decided(bank.send(signal(person, consent={"profiling": True})))

    assert (objecting.outcome, still.outcome) == ("excluded", "excluded")
    assert back.outcome == "reserved"


def test_what_a_device_refused_before_it_was_known_to_be_the_customers_counts(bank):
    [person] = bank.newcomers(1)
    cookie = {"cookie_id": f"ck-{person}"}
    hour = datetime.now(UTC) - timedelta(hours=6)
    bank.decided(bank.send(signal("", identifiers=cookie, at=hour.isoformat(), consent={"marketing": False})))

    met = consents(bank, person, identifiers={"customer_no": person, **cookie})
    asked = consents(bank, person, consent={"marketing": {"email": True}})

    assert not met["*:marketing:email"].granted
    assert asked["*:marketing:email"].granted
    assert not asked["*:marketing:sms"].granted


def test_a_withdrawal_between_reservation_and_sending_cancels_what_is_on_its_way(bank):
    [person] = bank.newcomers(1)
    sent = bank.delivery(bank.ended(bank.send(signal(person))).delivery_id)
    [treatment] = [
        each for each in bank.platform.bank.revision.actions["northmoor_cash_isa"].treatments if each.channel == "email"
    ]
    on_its_way = msgspec.structs.replace(
        sent,
        delivery_id="v-" + digest("on its way", person),
        decision_id="d-" + digest("on its way", person),
        treatment=treatment.id,
        channel="email",
        purpose="marketing",
        state="reserved",
        attempts=0,
    )
    bank.reserve(on_its_way)
    bank.decided(bank.send(signal(person, consent={"marketing": False})))

    reserved = ContactReserved(
        message_id=f"{on_its_way.decision_id}:contact.reserved",
        decision_id=on_its_way.decision_id,
        occurred_at=on_its_way.at,
        delivery=on_its_way,
    )
    for _ in range(2):
        body = write(msgspec.json.encode(reserved), {}, message_id="m", subscription="s")
        assert bank.push("delivery", body).status_code == 204

    end = bank.ended(on_its_way.decision_id)
    assert (end.outcome, end.delivery_id) == ("cancelled", on_its_way.delivery_id)
    told = bank.delivery(on_its_way.delivery_id)
    assert (told.state, told.reason) == ("cancelled", "stopped by consent marketing_consent just before sending")
    [contact] = [each for each in bank.contacts(person) if each.delivery_id == on_its_way.delivery_id]
    assert contact.state == "released"
    assert not bank.messages([on_its_way.decision_id])[on_its_way.decision_id]
