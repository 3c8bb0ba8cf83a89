"""A record stays small: under 4 KB compressed, over a thousand actions and whatever is known of the person."""

from __future__ import annotations

import itertools
import json
import random
import zlib
from datetime import timedelta
from functools import cache

import msgspec
import pytest

from functions.suppression.records import record_of
from shared.authoring import build
from shared.domain.arbitration import rank
from shared.domain.audiences import tell
from shared.domain.candidates import count
from shared.domain.catalogue import Revision, facts
from shared.domain.consent import Consent
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_read import read_of
from shared.domain.decision import DecisionRecord, kept
from shared.domain.engagement import Slots, qualify
from shared.domain.explanation import explain
from shared.domain.non_sends import MOST_NAMED, withheld_in
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.propensity import Counts, model_id
from shared.domain.replay import Difference, replay, replayed
from shared.domain.retrace import full
from shared.domain.signal import Signal
from shared.messages import ActionsRanked
from tests.unit.domain.situations import NOW

ACTIONS, ATTRIBUTES, CONDITIONS = 1000, 120, 300
LIMIT = 4096
"""Bytes."""

WORDS = "savings mortgage card loan current travel pension insurance wealth business student joint"
ABOUT = "balance spend income fees logins transfers deposits limit arrears rate"
PRODUCTS = "upgrade offer review renewal switch reminder reward invitation trial guide"


def named(number, *lists):
    """A name as a bank gives one, another for each number."""
    every = list(itertools.product(*(words.split() for words in lists)))
    base = "_".join(every[number % len(every)])
    return base if number < len(every) else f"{base}_{number // len(every)}"


@cache
def bank(cap, exploration):
    """A bank of a thousand actions of which about 220 are for a person, by three to five conditions each."""
    draw = random.Random(20260302)
    attributes = {
        named(n, WORDS, ABOUT): {"type": ("double", "int", "bool", "string")[n % 4], "description": "-"}
        for n in range(ATTRIBUTES)
    }
    numbers = [name for name, declared in attributes.items() if declared["type"] == "double"]
    conditions = [
        {"name": f"c{n}", "when": f"profile.{numbers[n % len(numbers)]} >= {draw.randrange(35)}00.0", "reason": "-"}
        for n in range(CONDITIONS)
    ]
    action = {
        "id": "action",
        "name": "An action",
        "brand": "oak",
        "group": "all",
        "purpose": "marketing",
        "value": 10,
        "starting": {"propensity": 0.05, "evidence": 50},
        "policy": {"suitability": conditions},
        "treatments": [{"id": "email", "channel": "email", "content": {"subject": "-", "body": "-"}}],
    }
    files = {
        "bank.yaml": {
            "name": "Bank",
            "time_zone": "Europe/London",
            "brands": [{"id": "oak", "name": "Oak"}],
            "issues": [{"id": "grow", "name": "Grow", "purpose": "marketing"}],
            "groups": [{"id": "all", "name": "All", "issue": "grow", "owner": "growth"}],
        },
        "schema.yaml": {"profile": attributes, "context": {}},
        "channels.yaml": {
            "channels": [{"id": "email", "name": "E-mail", "direction": "outbound", "medium": "html", "price": 0.01}]
        },
        "identity.yaml": {"namespaces": [{"id": "customer_no", "kind": "person", "priority": 1}]},
        "arbitration.yaml": {
            "exploration": exploration,
            "predictors": [
                {"reads": f"profile.{name}", "kind": "numeric", "edges": [1000, 3000, 6000]} for name in numbers[:30]
            ],
        },
        "contact_policy.yaml": {
            "rules": [
                {"id": "weekly", "kind": "cap", "limit": cap, "outcomes": ["sent"], "window": "30d", "reason": "-"},
            ]
        },
        "actions/all.yaml": {"actions": [action]},
    }
    built = build({name: json.dumps(file) for name, file in files.items()}).catalogue
    [one] = built.actions
    actions = []
    for number in range(ACTIONS):
        name = named(number, WORDS, PRODUCTS)
        treatments = tuple(msgspec.structs.replace(each, id=f"{name}.email") for each in one.treatments)
        own = tuple(sorted(draw.sample(range(CONDITIONS), draw.choice([3, 4, 5]))))
        value = float(draw.randrange(1, 400))
        actions.append(msgspec.structs.replace(one, id=name, treatments=treatments, conditions=own, value=value))
    actions.sort(key=lambda action: action.id)
    return Policy(Revision(msgspec.structs.replace(built, actions=tuple(actions))))


def person(policy, draw):
    values = {
        "double": lambda: round(draw.uniform(0, 9000), 2),
        "int": lambda: draw.randrange(9000),
        "bool": lambda: draw.random() < 0.5,
        "string": lambda: draw.choice(["gold", "silver", "bronze", "none"]),
    }
    return Profile(
        person_id="p-07525a50d1b9379f6be174c5",
        version=812,
        created_at=NOW - timedelta(days=900),
        attributes={name: values[a.type]() for name, a in policy.revision.catalogue.profile_schema.items()},
        brands=("oak",),
        products=("current_account", "credit_card"),
        reachable=("email",),
        consents={"oak:marketing:*": Consent(granted=True, at=NOW - timedelta(days=80), source="branch")},
        unique={"customer_no": "95c77b7f0b2a183e3d28f91cc5076ed9360b287f8a787edb419bfa2d773c7e5f"},
    )


def history(policy, draw):
    """Twenty contacts in the last three weeks."""
    contacts = {}
    for number in range(20):
        treatment = draw.choice(list(policy.revision.treatments))
        at = NOW - timedelta(seconds=draw.randrange(86400 * 21), microseconds=draw.randrange(10**6))
        contacts[f"v-{number}"] = Contact(
            delivery_id=f"v-{number}",
            decision_id=f"d-{number}",
            revision=policy.revision.id,
            state="sending",
            at=at,
            outcomes={"sent": at + timedelta(microseconds=draw.randrange(10**6))},
            **facts(*policy.revision.treatment(treatment)),
        )
    return ContactHistory(contacts=contacts)


@pytest.mark.parametrize(
    ("cap", "exploration", "result"),
    [(99, "off", "reserved"), (9, "off", "all_withheld"), (99, "thompson", "explored")],
)
def test_a_record_over_a_thousand_actions_is_under_4_kb_compressed_and_replays(cap, exploration, result):
    draw = random.Random(812)
    policy = bank(cap, exploration)
    slots = Slots(channels=("email",))
    signal = Signal(
        id="8e3f2a40-6f07-4f0f-9d5a-2f7b8a1c9d3e",
        type="page_viewed",
        at=NOW,
        received_at=NOW,
        source="web",
        identifiers={"customer_no": "95c77b7f0b2a183e3d28f91cc5076ed9360b287f8a787edb419bfa2d773c7e5f"},
        context={"page": "/savings/rates", "device": "mobile", "referrer": "https://search.example/"},
        properties={"category": "savings", "seconds": 41},
    )
    counts = {
        model_id(treatment, "email"): Counts(positives=draw.randrange(90), negatives=draw.randrange(2000))
        for treatment in policy.revision.treatments
    }
    people = (person(policy, draw) for _ in range(500))
    profile = next(p for p in people if 220 <= qualify(policy, p, signal, slots, NOW).rows.bit_count() <= 260)
    candidates = qualify(policy, profile, signal, slots, NOW).rows
    ranking = rank(policy, candidates, profile, signal, counts, NOW)
    read = DecisionRecord(
        decision_id="d-d255a5c5d432d0798034a87d2cb4d5db",
        person_id=profile.person_id,
        revision=policy.revision.id,
        signal=signal,
        profile=profile,
        decided_at=NOW,
        reserved_at=NOW + timedelta(milliseconds=40),
        result="reserved",
        slots=slots,
        **kept(ranking),
        read=read_of(policy, history(policy, draw), NOW),
    )
    named = replayed(policy, read)
    record = written(policy, named, ranking)

    text = msgspec.json.encode(record)

    assert (len(policy.revision.actions), len(profile.attributes)) == (ACTIONS, ATTRIBUTES)
    assert count(record) >= 220
    assert len(record.read.contacts) == 20
    assert record.result == {"explored": "reserved"}.get(result, result)
    assert replay(policy, record).agrees
    assert len(zlib.compress(text, 9)) < LIMIT, f"{len(zlib.compress(text, 9))} of {len(text)} bytes"
    assert withheld_in(policy, record, policy.ids(ranking.rows())) == named.withheld
    if result == "all_withheld":
        told_alike(policy, record, named)


def written(policy, came_to, ranking):
    """The record that suppression writes of what a decision came to."""
    ranked = ActionsRanked(
        message_id="m-1",
        occurred_at=NOW,
        decision_id=came_to.decision_id,
        person_id=came_to.person_id,
        revision=came_to.revision,
        signal=came_to.signal,
        profile=came_to.profile,
        decided_at=came_to.decided_at,
        slots=came_to.slots,
        ranking=ranking,
    )
    record = record_of(
        policy, ranked, came_to.result, came_to.reserved_at, (), withheld=came_to.withheld, read=came_to.read
    )
    return msgspec.structs.replace(record, chosen=came_to.chosen)


def told_alike(policy, record, named):
    """Whoever asks is told the same, in whichever form the record keeps what was withheld, and what was changed."""
    assert len(named.withheld) > MOST_NAMED
    assert record.withheld == ()
    assert len(record.withheld_rows) == 1
    assert explain(policy, record) == explain(policy, named)
    assert full(policy, record) == full(policy, named)
    assert tell(policy, record, "customer") == tell(policy, named, "customer")
    best = policy.revision.treatment(named.withheld[0].treatment)[0].id
    assert tell(policy, record, "customer", best) == tell(policy, named, "customer", best)
    [group] = record.withheld_rows
    changed = msgspec.structs.replace(record, withheld_rows=(msgspec.structs.replace(group, count=99),))
    found = replay(policy, changed)
    assert not found.agrees
    assert found.differences[0] == Difference(field="withheld[0].count", recorded=99, replayed=group.count)
