"""Links of messages: what is counted of them, where they lead, and what an unsubscription does."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import msgspec
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from functions.feedback.following import Follow
from functions.feedback.links import LinkPages
from functions.feedback.taking import TakeOutcomes
from shared.adapters.memory import Store
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import BouncedError, TransientError
from shared.domain.links import LinkKey, Links
from shared.domain.profile import Person
from shared.domain.signal import ConsentChange
from shared.runtime.service import Service, always_ready
from tests.fault.world import NOW, World, canonical, ordinary

LINKS = Links([LinkKey(kid="a", key=b"k" * 32)], "")
TARGET = "https://www.northmoor.example/loans?a=1"
NUMBER = ordinary()
MINUTE = timedelta(minutes=1)


class Sent:
    """A world in which a message was sent, and a browser in front of its links."""

    def __init__(self) -> None:
        self.world = World(customers=[NUMBER])
        self.world.receive(canonical(NUMBER, "s-1"))
        self.world.run()
        [document] = self.world.store.deliveries.values()
        self.delivery = msgspec.json.decode(document.data, type=Delivery)
        self.follow = Follow(LINKS, self.world.plain["contacts"], self.taking(self.world.plain["outcomes"]))
        self.world.now += MINUTE
        self.world.queue.rows.clear()

    def taking(self, outcomes):
        return TakeOutcomes(self.world.catalogues, outcomes, self.world.queue)

    @property
    def browser(self):
        pages = LinkPages(self.follow, self.world.catalogues, self.world.meter, lambda: self.world.now)
        return Client(Request.application(Service("feedback", pages.routes, ready=always_ready)))

    @property
    def click(self):
        return LINKS.click(self.delivery.delivery_id, TARGET, written=TARGET)

    @property
    def unsubscribe(self):
        return LINKS.unsubscribe(self.delivery.delivery_id)

    @property
    def noted(self):
        return history(self.world.store)[self.delivery.delivery_id].outcomes

    def person(self):
        [document] = self.world.store.profiles.values()
        return msgspec.json.decode(document.data, type=Person)


def history(store: Store) -> dict[str, Contact]:
    return {
        key: msgspec.json.decode(data, type=Contact)
        for each in store.histories.values()
        for key, data in each.contacts.items()
    }


@pytest.fixture
def sent():
    return Sent()


def test_a_click_counts_once_and_leads_where_the_message_said(sent):
    answers = [sent.browser.get(sent.click) for _ in range(2)]
    assert {(each.status_code, each.headers["location"]) for each in answers} == {(302, TARGET)}
    assert answers[0].headers["cache-control"] == "no-store, private"
    assert sent.noted == {"click": NOW + MINUTE}
    assert {(row.outcome, row.repeated) for row in sent.world.queue.rows} == {("click", False), ("click", True)}
    assert sent.world.models.counts()[sent.delivery.model].positives == 1


def test_an_opening_is_a_picture_that_nobody_keeps(sent):
    answer = sent.browser.get(LINKS.pixel(sent.delivery.delivery_id))
    assert (answer.status_code, answer.content_type, len(answer.data)) == (200, "image/gif", 43)
    assert answer.headers["cache-control"] == "no-store, private"
    assert sent.noted == {"impression": NOW + MINUTE}


@pytest.mark.parametrize("ahead", [{"purpose": "prefetch"}, {"sec-purpose": "prefetch;prerender"}])
def test_what_browsers_fetch_ahead_is_not_counted(sent, ahead):
    assert sent.browser.get(sent.click, headers=ahead).status_code == 302
    assert sent.browser.get(LINKS.pixel(sent.delivery.delivery_id), headers=ahead).status_code == 200
    assert sent.noted == {}


def test_what_scanners_ask_is_not_counted(sent):
    assert sent.browser.head(sent.click).status_code == 302
    sent.world.now = sent.delivery.at + timedelta(milliseconds=999)
    assert sent.browser.get(sent.click).status_code == 302
    assert sent.browser.get(sent.unsubscribe).status_code == 200
    assert sent.noted == {}
    assert not sent.world.queue.waiting


@pytest.mark.parametrize("path", ["/c/a.b.c", "/o/a.b.c.gif", "/u/a.b.c"])
def test_a_link_that_is_none_of_ours_leads_nowhere(sent, path):
    answer = sent.browser.get(path)
    assert (answer.status_code, answer.headers.get("location")) == (404, None)
    assert sent.browser.post("/u/a.b.c", data={"wish": "unsubscribe"}).status_code == 404


def test_who_clicked_gets_there_though_nothing_can_be_counted(sent):
    class Away:
        def observed(self, _ids):
            raise TransientError("away")

    sent.follow = Follow(LINKS, sent.world.plain["contacts"], sent.taking(Away()))
    assert sent.browser.get(sent.click).headers["location"] == TARGET
    assert sent.browser.get(LINKS.pixel(sent.delivery.delivery_id)).status_code == 200
    assert sent.browser.post(sent.unsubscribe, data={"List-Unsubscribe": "One-Click"}).status_code == 503


def test_one_click_withdraws_what_the_message_was_sent_by_and_nothing_else(sent):
    answer = sent.browser.post(sent.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    sent.browser.post(sent.unsubscribe, data={"List-Unsubscribe": "One-Click"})
    sent.world.run()
    of, person = sent.delivery, sent.person()
    assert answer.status_code == 200
    assert sent.noted == {"unsubscribe": NOW + MINUTE}
    word = person.consents[f"{of.brand}:{of.purpose}:{of.channel}"]
    assert (word.granted, word.at, word.source) == (False, NOW + MINUTE, "feedback")
    assert word.proof.startswith("outcome:unsubscribe o-")
    assert not person.consents_to(brand=of.brand, purpose=of.purpose, channel=of.channel)
    assert person.consents_to(brand="hallam", purpose=of.purpose, channel=of.channel)


def test_a_form_may_come_in_parts_and_no_larger_than_a_form(sent):
    in_parts = {"data": {"List-Unsubscribe": "One-Click"}, "content_type": "multipart/form-data"}
    with_a_file = {**in_parts, "data": {"List-Unsubscribe": "One-Click", "file": (BytesIO(b"x" * 20_000), "a.txt")}}

    assert sent.browser.post(sent.unsubscribe, **with_a_file).status_code == 413
    assert sent.noted == {}
    for rubbish in (b"\xff", b"--x\r\n"):
        refused = sent.browser.post(sent.unsubscribe, data=rubbish, content_type="multipart/form-data; boundary=x")
        assert (refused.status_code, refused.json["field"]) == (400, "List-Unsubscribe")
    assert sent.browser.post(sent.unsubscribe, **in_parts).status_code == 200
    assert sent.noted == {"unsubscribe": NOW + MINUTE}


def test_the_page_asks_in_the_brands_name_and_its_buttons_act(sent):
    page = sent.browser.get(sent.unsubscribe)
    assert "Northmoor Bank" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert sent.browser.post(sent.unsubscribe, data={"wish": "objection"}).status_code == 200
    assert sent.browser.post(sent.unsubscribe, data={"wish": "else"}).status_code == 400
    sent.world.run()
    person = sent.person()
    assert "objects_to_profiling" in person.flags
    assert not any(
        person.consents_to(brand=brand, purpose="marketing", channel=channel)
        for brand in ("northmoor", "foxglove", "hallam")
        for channel in ("email", "sms", "push")
    )


def test_a_word_that_is_said_again_outweighs_what_was_granted_in_between(sent):
    of = sent.delivery
    for days in (0, 2):
        sent.world.now = NOW + timedelta(days=days, minutes=1)
        sent.browser.post(sent.unsubscribe, data={"wish": "unsubscribe"})
        sent.world.run()
        assert not sent.person().consents_to(brand=of.brand, purpose=of.purpose, channel=of.channel)
        grant = ConsentChange(purpose=of.purpose, channel=of.channel, granted=True, brand=of.brand)
        at = sent.world.now + timedelta(days=1)
        sent.world.receive(canonical(NUMBER, f"grant-{days}", at=at, received_at=at, consent=(grant,)))
        sent.world.run()
        assert sent.person().consents_to(brand=of.brand, purpose=of.purpose, channel=of.channel)


def bounced(sent, at=NOW + MINUTE):
    told = {"outcome": "bounce", "delivery_id": sent.delivery.delivery_id, "at": at.isoformat()}
    sent.world.record(msgspec.json.encode(told), sent.world.now)
    sent.world.run()


def test_a_bounce_stops_its_channel_and_what_is_on_its_way_until_there_is_a_new_address(sent):
    of, world = sent.delivery, sent.world
    before = sent.person().reachable
    world.receive(canonical(NUMBER, "s-2", kind="application_abandoned", properties={"product": "loan"}))
    world.run(until=lambda: world.queue.waiting[0][0] == "contacts-reserved")
    waiting = list(world.queue.waiting)
    world.queue.waiting.clear()
    for _ in range(2):
        bounced(sent)

    assert sent.person().reachable == tuple(each for each in before if each != of.channel)
    word = sent.person().consents[f"*:contact_point:{of.channel}"]
    assert (word.granted, word.at) == (False, of.at)
    world.queue.waiting.extend(waiting)
    world.run()
    ends = [msgspec.json.decode(each.data, type=Delivery) for each in world.store.deliveries.values()]
    on_its_way = [each for each in ends if each.delivery_id != of.delivery_id]
    assert {(each.state, each.reason) for each in on_its_way if each.channel == of.channel} <= {
        ("cancelled", "a message to this contact point bounced since")
    }

    new = ConsentChange(purpose="contact_point", channel=of.channel, brand="*", granted=True)
    world.receive(canonical(NUMBER, "moved", at=NOW + MINUTE, received_at=NOW + MINUTE, consent=(new,)))
    world.run()
    assert sent.person().reachable == before


def test_a_bounce_that_comes_after_a_new_address_is_of_the_old_one(sent):
    new = ConsentChange(purpose="contact_point", channel=sent.delivery.channel, brand="*", granted=True)
    at = sent.delivery.at + timedelta(seconds=30)
    before = sent.person().reachable
    sent.world.receive(canonical(NUMBER, "moved", at=at, received_at=at, consent=(new,)))
    sent.world.run()
    bounced(sent)
    assert sent.person().reachable == before


def test_an_address_that_the_provider_refuses_at_once_as_none_is_marked_too():
    world = World(customers=[NUMBER])

    def refuse(_sent):
        raise BouncedError("the address is none")

    world.provider.behaviour = refuse
    world.receive(canonical(NUMBER, "s-1"))
    world.run()

    [document] = world.store.deliveries.values()
    delivery = msgspec.json.decode(document.data, type=Delivery)
    [document] = world.store.profiles.values()
    person = msgspec.json.decode(document.data, type=Person)
    assert (delivery.state, delivery.bounced) == ("failed", True)
    assert delivery.channel not in person.reachable
