"""Whatever does not answer, a channel that asks is told to show what it shows by default, and never gets an error."""

from __future__ import annotations

import pytest

from shared.domain.errors import NotFoundError, StaleError, TransientError
from tests.fault.world import Catalogues, Watched, World, ordinary
from tests.ungoverned import Ungoverned

HERO = "web.home.hero"


class Outage:
    """Counts the calls of the ports, and lets all from one on fail."""

    def __init__(self, error=None, first=1):
        self.error, self.first, self.calls = error, first, []

    def __call__(self, call):
        if not call.startswith("before"):
            return
        self.calls.append(call)
        number = len(self.calls)
        if self.error is not None and number >= self.first:
            raise self.error


def ask(outage, catalogues=None, *, query="?explain=true", **request):
    """The answer of decide, over HTTP, to an ordinary customer's question."""
    number = ordinary()
    watched = Watched(catalogues or Catalogues(), outage, "catalogues")
    world = World(outage, [number], watched)
    body = {"identifiers": {"customer_no": number}, "channel": "web", "placements": [{"id": HERO}], **request}
    return world.ask(body, query)


def calls():
    outage = Outage()
    answer = ask(outage)
    assert answer.status_code == 200
    assert not answer.json["fallback"]
    [hero] = answer.json["placements"]
    assert hero["treatments"]
    return [pytest.param(number, id=f"{number}-{call}") for number, call in enumerate(outage.calls, 1)]


@pytest.mark.parametrize("error", [TransientError("away"), StaleError("contended")], ids=["away", "contended"])
@pytest.mark.parametrize("number", calls())
def test_whatever_stops_answering_the_answer_is_a_fallback(number, error):
    answer = ask(Outage(error, first=number))

    assert answer.status_code == 200, answer.text
    assert answer.json["fallback"]
    assert answer.json["decision_id"].startswith("d-")
    assert answer.json["revision"] is None
    assert answer.json["placements"] == [{"id": HERO, "treatments": []}]


class NoRevision(Ungoverned):
    """A catalogue in which nothing was published."""

    def current(self):
        raise TransientError("no revision of the catalogue is live: publish one")

    def get(self, revision):
        raise NotFoundError(f"there is no revision {revision}")


def test_without_a_revision_the_answer_is_a_fallback():
    answer = ask(Outage(), NoRevision(), query="")

    assert (answer.status_code, answer.json["fallback"]) == (200, True)


def test_what_is_wrong_with_the_request_is_said_all_the_same():
    assert ask(Outage(), channel="fax").json["field"] == "channel"
    assert ask(Outage(), NoRevision(), colour="red").status_code == 400
