"""A template that cannot be rendered for a person ends as a declared problem, whatever it does."""

from __future__ import annotations

import itertools
from functools import cache

import msgspec
import pytest

from shared.domain.catalogue import Revision
from shared.domain.content import render
from shared.domain.errors import PermanentError
from shared.domain.policy.policy import Policy
from tests.fault.world import World, bank_customers, bank_revision, canonical, ordinary
from tests.ungoverned import Ungoverned

HERO = "web.home.hero"
BAD = {
    "what is not there": "{{ profile.shoe_size }}",
    "a sum of a number and a text": "{{ profile.age + 'x' }}",
    "a division by zero": "{{ profile.age / 0 }}",
    "a number that is none": "{{ profile.residency.encode('ascii')[profile.age] }}",
    "a filter of another type": "{{ profile.age | join('-') }}",
    "a date of nonsense": "{{ '%d' | format(profile.residency) }}",
    "a range without end": "{{ range(10 ** 9) | length }}",
    "a way out of the sandbox": "{{ ''.__class__.__mro__ }}",
    "a call of what is no function": "{{ profile.age() }}",
}


class Written(Ungoverned):
    """The sample bank, in all of whose content stands one template."""

    def __init__(self, text):
        self._policy = written(text)

    def current(self):
        return self._policy

    def get(self, _revision):
        return self._policy


@cache
def written(text):
    catalogue = bank_revision().catalogue
    actions = tuple(
        msgspec.structs.replace(
            action,
            treatments=tuple(
                msgspec.structs.replace(t, content=dict.fromkeys(t.content, text)) for t in action.treatments
            ),
        )
        for action in catalogue.actions
    )
    return Policy(Revision(msgspec.structs.replace(catalogue, actions=actions)))


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_decide_says_which_content_failed(text):
    number = ordinary()
    world = World(customers=[number], catalogues=Written(text))

    answer = world.ask({"identifiers": {"customer_no": number}, "channel": "web", "placements": [{"id": HERO}]})

    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")
    assert "content '" in answer.json["detail"]
    assert residency(number) not in answer.text


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_a_delivery_fails_with_its_reason_and_releases_the_contact(text):
    number = ordinary()
    world = World(customers=[number], catalogues=Written(text))

    world.receive(canonical(number, "s-1"))
    world.run()

    assert [row.outcome for row in world.queue.rows] == ["reserved", "failed"]
    assert "content '" in world.queue.rows[-1].record
    assert residency(number) not in world.queue.rows[-1].record
    assert not world.provider.sent
    assert not world.quarantine.list()
    [history] = world.store.histories.values()
    assert {msgspec.json.decode(entry)["state"] for entry in history.contacts.values()} == {"released"}


@pytest.mark.parametrize(
    ("text", "seconds", "said"),
    [
        ("{% for letter in profile.residency %}{{ letter }}{% endfor %}", 0.6, "takes more than 1 s to render"),
        (
            "{% for letter in profile.residency %}{% if letter == 1 %}{% endif %}{% endfor %}",
            0.6,
            "takes more than 1 s",
        ),
        ("{% if profile.residency | upper | lower | title == 1 %}{% endif %}", 0.6, "takes more than 1 s to render"),
        (
            "{% for one in [" + "1, " * 60 + "] %}" + f"{{% set a = '{'a' * 90_000}' | lower %}}" * 2 + "{% endfor %}",
            0.0,
            "makes more than 10000000 characters",
        ),
        ("{% for letter in profile.residency %}" + "a" * 300_000 + "{% endfor %}", 0.0, "more than 500000 characters"),
    ],
)
def test_what_takes_too_long_or_grows_too_long_is_given_up_on_the_way(text, seconds, said):
    ticks = itertools.count()
    policy, person = written(text), bank_customers()[ordinary()]
    action, treatment = policy.revision.treatment("northmoor_cash_isa.push")

    with pytest.raises(PermanentError, match=said):
        render(policy.revision, action, treatment, person.profile, timer=lambda: next(ticks) * seconds)


def residency(number):
    """What no problem may quote."""
    return f'"{bank_customers()[number].profile.attributes["residency"]}"'
