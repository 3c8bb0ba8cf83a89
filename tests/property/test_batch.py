"""Many persons decided together come to what each comes to alone: whom conditions let through, P and priorities to the
last bit, what is chosen, and why nothing is.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.arbitration import rank
from shared.domain.batch.alone import Asked, record
from shared.domain.batch.deciding import Batch, Wave
from shared.domain.batch.serving import serving_of
from shared.domain.catalogue import Challenger, DeclaredEstimator, Learning, Revision, facts
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_past import Folded, Past
from shared.domain.engagement import Slots, qualify
from shared.domain.policy.policy import Policy
from shared.domain.predictors import SCORES
from shared.domain.propensity import Counts, model_id
from shared.domain.ranking import propensities
from shared.domain.rules import Scope
from shared.domain.signal import Signal
from tests.fault.world import NOW, bank_customers, bank_policy, bank_revision, canonical
from tests.property.test_offers_together import bank as small_bank
from tests.property.test_one_decision_two_ways import CUSTOMERS, EVIDENCE, SIGNALS, fused, record_of, world_of

OUTCOMES = ("impression", "click", "accept", "dismiss", "reject", "convert", "complaint", "bounce", "sent", "delivered")
ODD = (None, True, False, 0, 1, -0.0, 2.5, 10**400, 2**53 + 1, "", "yes", "2026-03-04T10:00:00Z", [], ["isa"], {"a": 1})


def declared(name: str, scope: Scope, **said: Any) -> DeclaredEstimator:
    """An estimator that serves."""
    said = {"name": name, "trained_until": "2026-01-01", **said}
    return DeclaredEstimator(name=name, estimator=msgspec.Raw(msgspec.json.encode(said)), scope=scope, serves=True)


FEATURES = [
    {"reads": "profile.balance", "mean": 1000.0, "scale": 700.0},
    {"reads": "profile.has_app", "missing": 0.5},
    {"reads": "profile.job", "equals": "retired"},
    {"reads": "channel", "equals": "web"},
    {"reads": "signal.type", "equals": "page_viewed"},
]
TREES = [
    {
        "feature": [0, 1, 3, -2, -2, -2, -2],
        "threshold": [0.3, 0.5, 0.5, 0.0, 0.0, 0.0, 0.0],
        "left": [1, 3, 5, 0, 0, 0, 0],
        "right": [2, 4, 6, 0, 0, 0, 0],
        "value": [0.0, 0.0, 0.0, 0.1 + n / 7, 0.3, 0.2, 1.05],
    }
    for n in range(3)
]
SERVING = (
    declared(
        "linear",
        Scope(channels=("email", "web")),
        kind="linear",
        features=FEATURES,
        coefficients=[0.1, 0.2, 0.3, -0.7, 0.05],
        intercept=-2.0,
    ),
    # of whom has much, it says what is no probability of some
    declared("forest", Scope(channels=("sms",)), kind="trees", features=FEATURES, trees=TREES, adds_up_to="mean"),
    declared(
        "boosting", Scope(channels=("push",)), kind="trees", features=FEATURES, trees=TREES, adds_up_to="log_odds"
    ),
)


@cache
def policies() -> dict[str, Policy]:
    """The sample bank as it is, exploring, by other weights, and with slots that bind nothing together."""
    catalogue = bank_revision().catalogue
    loose = msgspec.structs.replace(catalogue.slots, at_least_one_of={}, bundles=())
    other = msgspec.structs.replace(catalogue.weights, propensity=0.7, context=1.5, lever=2.0)
    return {
        "as it is": bank_policy(),
        "exploring": Policy(Revision(msgspec.structs.replace(catalogue, exploration="thompson", slots=loose))),
        "weighed otherwise": Policy(Revision(msgspec.structs.replace(catalogue, weights=other, slots=loose))),
        "learning of two together": Policy(
            Revision(
                msgspec.structs.replace(
                    catalogue,
                    slots=loose,
                    learning=Learning(
                        parents=("profile.has_app", "signal.type"),
                        half_life_days=90,
                        calibrated=True,
                        challenger=Challenger(parents=("signal.type",), without=("profile.job",)),
                    ),
                )
            )
        ),
        "exploring and served by files": Policy(
            Revision(msgspec.structs.replace(catalogue, slots=loose, exploration="thompson", estimators=SERVING))
        ),
        "loose": Policy(Revision(msgspec.structs.replace(catalogue, slots=loose))),
    }


def history(policy: Policy, chance: Random) -> ContactHistory:
    """Contacts of some weeks; some of them folded, some merged."""
    contacts = {}
    for number in range(chance.choice([0, 3, 12])):
        at = NOW - timedelta(hours=chance.choice([1, 20, 100, 300, 900]), minutes=chance.randrange(60))
        later = [at + timedelta(minutes=n) for n in range(3)]
        outcomes = dict(zip(chance.sample(OUTCOMES, chance.randrange(3)), later, strict=False))
        contacts[f"v-{number}"] = Contact(
            delivery_id=f"v-{number}",
            decision_id=f"d-{number}",
            revision=policy.revision.id,
            state=chance.choice(["presented", "presented", "reserved", "sending", "released"]),
            at=at,
            expires_at=at + timedelta(hours=chance.choice([1, 1000])),
            outcomes=outcomes,
            **facts(*chance.choice(policy.rows)),
        )
    past = [Folded.of(each) for each in contacts.values() if each.state == "sending" and chance.random() < 0.5]
    if len(past) > 1 and chance.random() < 0.3:
        past = [past[0].merged_with(msgspec.structs.replace(past[1], known=past[0].known)), *past[2:]]
    return ContactHistory(contacts=contacts, past=Past(tuple(past)))


def wave_of(policy: Policy, chance: Random, many: int) -> Wave:
    """Customers of the sample bank, of whom some are known oddly; decided at one moment, or each at another."""
    known = [each.profile for each in bank_customers().values()]
    profiles, signals, histories = [], [], []
    for number in range(many):
        profile = chance.choice(known)
        attributes = dict(profile.attributes)
        for name in chance.sample(sorted(attributes), chance.choice([0, 1, 4])):
            attributes[name] = chance.choice(ODD)
        attributes |= {"time_zone": chance.choice(["Europe/London", "Asia/Tokyo", "nowhere"])} if number % 3 else {}
        attributes |= {"marketing_a_week": chance.choice([0, 1, 2, "two"])} if chance.random() < 0.3 else {}
        flags = tuple(chance.sample(["deceased", "vulnerable", "open_complaint"], chance.choice([0, 0, 0, 1])))
        profiles.append(msgspec.structs.replace(profile, attributes=attributes, flags=flags))
        signals.append(
            Signal(
                id=f"s-{number}",
                type=chance.choice(["decision_requested", "page_viewed", "balance_changed"]),
                at=NOW,
                received_at=NOW,
                source="decide",
                identifiers={},
                brand=chance.choice([None, None, *sorted(policy.revision.brands)]),
                context=chance.choice([{}, {"call_topic": "fraud"}, {"page_category": "savings", "device": "mobile"}]),
                properties=chance.choice([{}, {"product": "isa", "change": 900.0}]),
            )
        )
        histories.append(history(policy, chance))
    later = [NOW + timedelta(hours=chance.choice([0, 0, 1, 9, 30, 200])) for _ in profiles]
    return Wave(profiles, signals, histories, chance.choice([None, later]))


def slots_of(policy: Policy, chance: Random) -> Slots:
    """What a channel asks, or what is sent."""
    revision = policy.revision
    if chance.random() < 0.4:
        return Slots(channels=revision.outbound)
    channel = chance.choice([each for each in revision.catalogue.channels if each.direction == "inbound"])
    placements = [each.id for each in channel.placements]
    some = chance.sample(placements, chance.randint(0, len(placements)))
    return Slots(channels=(channel.id,), placements=tuple(some), counts=tuple(chance.choice([1, 1, 2]) for _ in some))


def evidence(policy: Policy, chance: Random) -> dict[str, Counts]:
    """What some models have learnt."""
    predictors = policy.factors.predictors
    cells = [name for names in predictors.cells for name in names]
    parents = [cell for number in predictors.parents for cell in predictors.cells[number]]
    found = {}
    for _, treatment in chance.sample(policy.rows, len(policy.rows) // 2):
        some = {cell: chance.randrange(60) for cell in chance.sample(cells, min(40, len(cells)))}
        fewer = {cell: chance.randrange(1 + count) for cell, count in some.items()}
        found[model_id(treatment.id, treatment.channel)] = Counts(
            positives=chance.randrange(30),
            negatives=90,
            positives_by_cell=fewer | {score: chance.randrange(30) for score in SCORES[20:40]},
            negatives_by_cell=some | {score: chance.randrange(90) for score in SCORES[20:40]},
            positives_by_pair=dict.fromkeys(parents, fewer),
            negatives_by_pair={key: {cell: 9 * count for cell, count in some.items()} for key in parents},
        )
    return found


def agree(policy: Policy, slots: Slots, wave: Wave, counts: dict[str, Counts]) -> int:
    """Hold a wave against everybody alone; how many of it were not decided alone in the wave either."""
    batch = Batch(policy, slots, counts, NOW)
    decisions, moments = batch(wave), batch.moments(wave)
    placements = [placement for placement, _ in slots.wanted()]
    for person, (profile, signal) in enumerate(zip(wave.profiles, wave.signals, strict=True)):
        rows = qualify(policy, profile, signal, slots, moments[person]).rows
        assert decisions.qualified(person) == rows
        told = serving_of(policy).told(policy.situation(profile, signal, moments[person]), rows)
        ranking = rank(policy, rows, profile, signal, counts, moments[person], told=told)
        at = decisions.of(person)
        assert decisions.pairs.propensities[at].tolist() == propensities(ranking.propensity_parts)
        # in an arm that ranks otherwise, a person is decided alone
        own = dict(zip(decisions.pairs.rows[at].tolist(), decisions.pairs.priorities[at].tolist(), strict=True))
        assert own == dict(zip(ranking.rows(), ranking.weights(), strict=True))
        alone = record(policy, wave.asked(person), slots, counts, moments[person])
        assert decisions.results[person] == alone.result
        chosen = {
            (policy.rows[row][1].id, placements[part])
            for row, part in zip(
                decisions.chosen.rows[person].tolist(), decisions.chosen.parts[person].tolist(), strict=True
            )
            if row >= 0
        }
        expected = {(each.treatment, each.placement if slots.placements else None) for each in alone.chosen}
        assert chosen == expected
    return len(wave.profiles) - len(decisions.alone)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**9), which=st.sampled_from(sorted(policies())))
def test_a_wave_of_the_sample_bank_comes_to_what_each_comes_to_alone(seed, which):
    chance = Random(seed)
    policy = policies()[which]
    agree(policy, slots_of(policy, chance), wave_of(policy, chance, 12), evidence(policy, chance))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_limits_bundles_wanted_issues_and_caps_come_to_the_same(seed):
    chance = Random(seed)
    policy = small_bank(chance)
    used = sorted({treatment.placement for _, treatment in policy.rows})
    some = chance.sample(used, chance.randint(1, len(used)))
    slots = Slots(channels=("web",), placements=tuple(some), counts=tuple(chance.choice([1, 2]) for _ in some))
    agree(policy, slots, wave_of(policy, chance, 8), {})


@settings(max_examples=25, deadline=None)
@given(customer=CUSTOMERS, fields=SIGNALS, counts=EVIDENCE)
def test_the_record_made_alone_is_that_of_the_stages_byte_for_byte(customer, fields, counts):
    world = world_of(customer, counts)
    row = fused(world, canonical(customer, "s-1", **fields))
    made = record_of(row)
    asked = Asked(made.profile, made.signal, ContactHistory())
    again = record(bank_policy(), asked, made.slots, world.store.models, made.decided_at)
    assert msgspec.json.encode(again) == row.record.encode()
