"""Reading the histories of persons who are brought together, or taken apart, while they are read."""

from __future__ import annotations

import pytest

from shared.adapters.together import ATTEMPTS, Own, guarded, read_together
from shared.domain.contact_history import ContactHistory
from shared.domain.errors import TransientError
from tests.contract.samples import NOW


def own(name, merged_into="", former=()):
    return Own(ContactHistory(withheld={f"d-{name}": NOW}), f"v-{name}", merged_into, former)


class Readings:
    """Documents that change between readings: `changes` says what each reading finds, the last one for good."""

    def __init__(self, *changes):
        self.changes, self.asked = list(changes), []

    def __call__(self, person_ids):
        self.asked.append(tuple(person_ids))
        found = self.changes.pop(0) if len(self.changes) > 1 else self.changes[0]
        return {each: found.get(each, Own(ContactHistory(), None)) for each in person_ids}


ALONE = {"a": own("a"), "b": own("b")}
TOGETHER = {"a": own("a", former=("b",)), "b": own("b", merged_into="a")}


def test_who_is_alone_is_read_once():
    readings = Readings(ALONE)
    read = read_together("a", readings)

    assert (read.value, read.version) == (ALONE["a"].history, "v-a")
    assert readings.asked == [("a",)]
    assert guarded("a", read.version) == {"a": "v-a"}
    assert read_together("c", readings).version is None


@pytest.mark.parametrize(("whose", "asked"), [("a", [("a",), ("b",)]), ("b", [("b",), ("a",)])])
def test_who_is_together_is_read_by_any_of_them(whose, asked):
    readings = Readings(TOGETHER)
    read = read_together(whose, readings)

    assert read.value.withheld == {"d-a": NOW, "d-b": NOW}
    assert guarded(whose, read.version) == {"a": "v-a", "b": "v-b"}
    assert readings.asked == asked


def test_who_is_taken_apart_meanwhile_is_read_again():
    read = read_together("b", Readings(TOGETHER, ALONE))

    assert (read.value, read.version) == (ALONE["b"].history, "v-b")


def test_who_is_merged_on_meanwhile_is_followed():
    on = {
        "a": own("a", merged_into="c"),
        "b": own("b", merged_into="c"),
        "c": own("c", former=("a", "b")),
    }
    read = read_together("b", Readings(TOGETHER, on))

    assert read.value.parts.keys() == {"a", "b", "c"}


def test_who_is_merged_the_other_way_round_meanwhile_is_read_again():
    other = {"b": own("b", former=("a",)), "a": own("a", merged_into="b")}
    read = read_together("b", Readings(TOGETHER, other))

    assert read.value.parts.keys() == {"a", "b"}
    assert guarded("b", read.version) == {"a": "v-a", "b": "v-b"}


def test_what_never_rests_is_given_back_to_be_tried_again():
    changes = [TOGETHER, ALONE] * ATTEMPTS
    with pytest.raises(TransientError):
        read_together("b", Readings(*changes))
