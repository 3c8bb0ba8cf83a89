"""Any order, repetition and split of the same signals ends in the same, in every store."""

from __future__ import annotations

import itertools
import random
from datetime import timedelta

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.domain.signal import ConsentChange, Signal
from tests.property.identities import NOW, SOURCES, TYPES, VALUES, Platform
from tests.property.lives import Lives
from tests.property.truth import known, numbered, taken_at_once, truth

FEW = settings(
    max_examples=4,
    stateful_step_count=10,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


def test_however_signals_come_everybody_is_whom_they_say_and_known_as_they_say(documents):
    prefixes = map("{}-".format, itertools.count())
    run_state_machine_as_test(lambda: Lives(documents, next(prefixes)), settings=FEW)


def happening(chance):
    at = NOW + timedelta(hours=chance.randrange(40))
    who = {ns: f"{ns[:2]}{chance.randrange(VALUES[ns])}" for ns in chance.sample(sorted(VALUES), chance.randint(1, 3))}
    return Signal(
        id="",
        type=chance.choice(TYPES),
        at=at,
        received_at=at,
        source=chance.choice(SOURCES).id,
        identifiers=who,
        properties={"amount": chance.randint(1, 3)},
        consent=(ConsentChange(purpose="marketing", granted=chance.random() < 0.5),),
        attributes={"city": chance.choice("abc")},
    )


def test_eight_threads_at_once_change_nothing(documents):
    chance = random.Random(1)
    stream = numbered(happening(chance) for _ in range(24))
    platform = Platform(documents.persons)
    taken_at_once(platform, [*stream, *stream])

    assert known(platform, stream) == truth(stream)
