"""What an operator asks of persons, over HTTP: who is one and why, and taking apart who is not."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from cli.personal import say_person
from functions.identity.people import People
from functions.persons.api import routes
from functions.persons.explaining import WhyOne
from functions.persons.finding import Find
from functions.persons.showing import ShowPerson
from functions.persons.unmerging import Unmerge
from shared.domain.decision import DecisionRecord
from shared.domain.replay import replay
from shared.domain.signal import ConsentChange
from shared.runtime.keys import Keyring
from shared.runtime.service import Service, always_ready
from tests.fault.world import KEY, NOW, World, canonical, ordinary

NUMBER = ordinary()
CUSTOMER, CRM, COOKIE = {"customer_no": NUMBER}, {"crm_id": "crm-77"}, {"cookie_id": "ck-1"}


class Desk:
    """A bank and an operator at it."""

    def __init__(self):
        self.world = World(customers=[NUMBER])
        catalogues, plain = self.world.catalogues, self.world.plain
        people = People(plain["persons"], lambda: "p-parted")
        find = Find(catalogues, plain["persons"], people, KEY)
        self.service = Service(
            "persons",
            routes(
                ShowPerson(find, catalogues, plain["persons"], plain["contacts"]),
                WhyOne(find),
                Unmerge(find, catalogues, people),
                Keyring('{"anna": {"key": "k"}}'),
                lambda: self.world.now,
            ),
            ready=always_ready,
        )

    def see(self, identity, minutes=0, **fields):
        """Take a signal to its end."""
        at = NOW + timedelta(minutes=minutes)
        self.world.receive(canonical("", identity, at=at, received_at=at, **fields))
        self.world.run()

    def ask(self, what, status=200, key="k", **body):
        client = Client(Request.application(self.service))
        answer = client.post(f"/v1/persons/{what}", json=body, headers={"x-api-key": key})
        assert answer.status_code == status, answer.text
        return answer.json

    def person_of(self, identifiers):
        return self.ask("show", identifiers=identifiers)["person_id"]

    def contacts_of(self, identifiers):
        found = self.ask("show", identifiers=identifiers)["contacts"]
        return sorted((each["person_id"], each["at"]) for each in found)


@pytest.fixture
def desk():
    """A customer, a lead of the CRM with a consent, and a visitor, each a person of its own; then a signal that has the
    numbers of all three.
    """
    desk = Desk()
    granted = ConsentChange(brand="hallam", purpose="marketing", channel="push", granted=True)
    desk.see("s-1", identifiers=CRM, consent=(granted,))
    desk.see("s-2", 1, identifiers=COOKIE)
    desk.ids = {desk.person_of(each) for each in (CUSTOMER, CRM, COOKIE)}
    desk.see("s-3", 2, identifiers={**CUSTOMER, **CRM, **COOKIE})
    return desk


def test_a_person_is_shown_with_what_it_is_made_of(desk):
    shown = desk.ask("show", identifiers=CRM)

    assert {each["person_id"] for each in shown["made_of"]} == desk.ids
    assert shown["person_id"] in desk.ids
    assert {"customer_no", "crm_id", "cookie_id", "email_sha256"} <= {e["namespace"] for e in shown["identifiers"]}
    assert shown["consents"]["hallam:marketing:push"]["granted"]
    assert shown["attributes"]["residency"]
    assert [each["state"] for each in shown["contacts"]] == ["sending"]
    assert NUMBER not in str(shown)
    for former in desk.ids:
        assert desk.ask("show", identifiers={"person_id": former}) == shown


def test_why_two_are_one_is_the_shortest_chain_of_evidence(desk):
    why = desk.ask("why", one=CRM, other=COOKIE)
    names = [(each["start"]["namespace"], each["end"]["namespace"]) for each in why["chain"]]

    assert why["one_person"]
    assert names == [("crm_id", "customer_no"), ("customer_no", "cookie_id")]
    assert {each["evidence"]["signal_id"] for each in why["chain"]} == {"s-3"}
    assert desk.ask("why", one=CRM, other=CRM)["chain"] == []
    formers = [{"person_id": each} for each in sorted(desk.ids)]
    assert len(desk.ask("why", one=formers[0], other=formers[1])["chain"]) in (1, 2)


def test_what_hangs_on_who_was_taken_apart_is_not_shown_with_the_other():
    desk, lead = Desk(), {"crm_id": "crm-88"}
    desk.see("s-1", identifiers={**CUSTOMER, **lead})
    desk.see("s-2", 1, identifiers={**lead, **COOKIE})
    desk.ask("unmerge", one=lead, other=CUSTOMER, reason="two of one name", do=True)

    shown = desk.ask("show", identifiers=CUSTOMER)

    assert desk.person_of(COOKIE) == desk.person_of(lead) != shown["person_id"]
    assert "cookie_id" not in {each["namespace"] for each in shown["identifiers"]}


def test_who_is_taken_apart_has_its_own_again_and_stays_apart(desk):
    assert desk.person_of(CRM) == desk.person_of(CUSTOMER) == desk.person_of(COOKIE)
    desk.see("s-4", 3, identifiers=CRM, kind="application_abandoned")
    before = desk.contacts_of(CUSTOMER)
    assert len({person_id for person_id, _ in before}) == 2
    would = desk.ask("unmerge", one=CRM, other=CUSTOMER, reason="two of one name")
    assert desk.person_of(CRM) == desk.person_of(CUSTOMER)
    done = desk.ask("unmerge", one=CRM, other=CUSTOMER, reason="two of one name", do=True)

    assert {**would, "done": True} == done
    lead, customer = desk.person_of(CRM), desk.person_of(CUSTOMER)
    assert {lead, customer} == done["persons"].keys()
    assert desk.person_of(COOKIE) == customer
    assert "hallam:marketing:push" in desk.ask("show", identifiers=CRM)["consents"]
    assert "hallam:marketing:push" not in desk.ask("show", identifiers=CUSTOMER)["consents"]
    assert desk.contacts_of(CRM) + desk.contacts_of(CUSTOMER) == sorted(
        before, key=lambda each: (each[0] != lead, each)
    )

    why = desk.ask("why", one=CRM, other=CUSTOMER)
    assert [each["reason"] for each in why["apart"]] == ["anna: two of one name"]
    desk.see("s-5", 4, identifiers={**CRM, **CUSTOMER})
    assert desk.person_of(CRM) == lead
    assert "not one person" in desk.ask("unmerge", 400, one=CRM, other=CUSTOMER, reason="again", do=True)["detail"]


def test_what_hangs_on_a_person_is_taken_off(desk):
    tablet = {"device_id": "shop-tablet"}
    desk.see("s-4", 3, identifiers={**CUSTOMER, **tablet})
    assert desk.person_of(tablet) == desk.person_of(CUSTOMER)

    done = desk.ask("unmerge", one=tablet, other=CUSTOMER, reason="the branch's own", do=True)

    assert desk.person_of(tablet) == "p-parted"
    assert done["persons"].keys() == {"p-parted", desk.person_of(CUSTOMER)}
    desk.see("s-5", 4, identifiers={**CUSTOMER, **tablet})
    assert desk.person_of(tablet) == "p-parted"
    assert desk.person_of(COOKIE) == desk.person_of(CUSTOMER)


def test_why_a_shared_device_is_nobodys_is_said_from_either_side(desk):
    kiosk, leads = {"device_id": "kiosk-11"}, [{"crm_id": f"crm-80{each}"} for each in range(4)]
    for each in leads:
        desk.see(f"k-{each['crm_id']}", 3, identifiers={**kiosk, **each})

    for one, other in ((kiosk, leads[0]), (leads[0], kiosk)):
        why = desk.ask("why", one=one, other=other)
        assert not why["one_person"]
        assert [each["reason"] for each in why["apart"]] == ["shared by more persons than it may be"]


def test_a_person_is_printed_whatever_senders_call_their_signals(desk, capsys):
    desk.see("[/red]9", 3, identifiers={"crm_id": "crm-810"})
    say_person(desk.ask("show", identifiers={"crm_id": "crm-810"}))
    assert "[/red]9" in capsys.readouterr().out


def test_a_decision_of_a_merged_person_says_as_whom_it_came_and_replays(desk):
    desk.see("s-4", 3, identifiers=CRM, kind="application_abandoned")

    made = [row.record for row in desk.world.queue.rows if row.kind == "decision"]
    record = msgspec.json.decode(made[-1], type=DecisionRecord)
    assert record.person_id == record.profile.person_id == desk.person_of(CUSTOMER)
    assert record.fragment in desk.ids - {record.person_id}
    assert replay(desk.world.catalogues.current(), record).agrees


@pytest.mark.parametrize(
    ("what", "status", "body"),
    [
        ("show", 400, {"identifiers": {}}),
        ("show", 400, {"identifiers": {"shoe_size": "9"}}),
        ("show", 400, {"who": "me"}),
        ("show", 404, {"identifiers": {"customer_no": "C999999"}}),
        ("show", 404, {"identifiers": {"person_id": "p-nobody"}}),
        ("why", 404, {"one": CUSTOMER, "other": {"cookie_id": "ck-none"}}),
        ("unmerge", 400, {"one": CUSTOMER, "other": CRM, "reason": " "}),
        ("unmerge", 400, {"one": CUSTOMER, "other": CUSTOMER, "reason": "r", "do": True}),
    ],
)
def test_what_cannot_be_answered_says_why(desk, what, status, body):
    assert desk.ask(what, status, **body)["detail"]


def test_of_two_it_is_said_which_is_nobodys_or_no_identifier(desk):
    nobody = {"customer_no": "C999999"}
    for what, more in (("why", {}), ("unmerge", {"reason": "r"})):
        assert desk.ask(what, 404, one=nobody, other=CUSTOMER, **more)["detail"].startswith("one: nobody is known")
        assert desk.ask(what, 404, one=CUSTOMER, other=nobody, **more)["detail"].startswith("other: nobody is known")
        assert "other.identifiers.shoe_size" in str(desk.ask(what, 400, one=CUSTOMER, other={"shoe_size": "9"}, **more))


def test_only_operators_are_answered(desk):
    desk.ask("show", 401, key="no", identifiers=CUSTOMER)


def test_who_unsubscribed_by_a_message_to_one_of_two_has_unsubscribed_as_both_and_alone_once_they_are_parted():
    desk = Desk()
    desk.see("a lead", identifiers=CRM, brand="hallam")
    desk.see("s-1", identifiers=CUSTOMER)
    sent = desk.world.provider.sent[0].delivery_id
    desk.see("together", 1, identifiers={**CUSTOMER, **CRM})
    desk.world.now = NOW + timedelta(minutes=5)
    report = {"outcome": "unsubscribe", "delivery_id": sent}
    for _ in range(2):
        desk.world.record(msgspec.json.encode(report), desk.world.now)
        desk.world.run()
    of = desk.world.plain["contacts"].deliveries([sent])[sent]

    def consents(person_id):
        profile = desk.world.plain["persons"].profile(person_id).value
        return profile.consents_to(brand=of.brand, purpose=of.purpose, channel=of.channel)

    assert not consents(desk.person_of(CUSTOMER))
    desk.ask("unmerge", one=CRM, other=CUSTOMER, reason="they are two", do=True)
    assert desk.person_of(CUSTOMER) != desk.person_of(CRM)
    assert not consents(desk.person_of(CUSTOMER))
    words = desk.world.plain["persons"].profile(desk.person_of(CRM)).value.consents
    assert not any(word.source == "feedback" for word in words.values())
