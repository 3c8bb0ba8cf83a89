"""Identifiers and profiles."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from shared.domain.errors import AlreadyExistsError, StaleError
from shared.ports import Rewrite, Versioned, behind
from tests.contract.samples import create, create_all, link, profile, rich_profile, update

ODD_VALUES = ["a/b", ".", "..", "__x__", "é 李", "", "x" * 5000, "a\x00b", "~tilde"]


def changed(read, **changes):
    return Versioned(msgspec.structs.replace(read.value, version=read.value.version + 1, **changes), read.version)


def test_a_profile_comes_back_as_it_was_stored(documents):
    create(documents.persons, rich_profile(), [])
    assert documents.persons.profile("p-1").value == rich_profile()


def test_numbers_keep_their_kind(documents):
    create(documents.persons, profile(attributes={"double": 5.0, "int": 5, "bool": True}), [])
    read = documents.persons.profile("p-1").value.attributes
    assert {name: type(value) for name, value in read.items()} == {"double": float, "int": int, "bool": bool}


def test_what_is_read_is_nobody_elses(documents):
    create(documents.persons, profile(attributes={"list": [1]}), [])
    documents.persons.profile("p-1").value.attributes["list"].append(2)
    assert documents.persons.profile("p-1").value.attributes == {"list": [1]}


def test_a_stranger_has_no_profile(documents):
    assert documents.persons.profile("p-none") is None


def test_identifiers_are_found_by_their_keys(documents):
    create(documents.persons, profile(), [link("email", "e1"), link("device", "x1")])
    found = documents.persons.identifiers(["email:e1", "device:x1", "phone:e1"])
    assert {key: each.value for key, each in found.items()} == {
        "email:e1": link("email", "e1"),
        "device:x1": link("device", "x1"),
    }
    assert documents.persons.identifiers([]) == {}


@pytest.mark.parametrize("value", ODD_VALUES)
def test_any_text_identifies(documents, value):
    key = f"person_id:{value}"
    assert documents.persons.identifiers([key]) == {}
    create(documents.persons, profile(), [link("person_id", value)])
    assert documents.persons.identifiers([key])[key].value == link("person_id", value)


@pytest.mark.parametrize("person_id", ODD_VALUES)
def test_any_text_may_be_asked_for_as_a_person(documents, person_id):
    assert documents.persons.profile(person_id) is None


def test_of_two_identifiers_alike_the_second_creates_nothing(documents):
    create(documents.persons, profile("p-1"), [link("email", "e1", "p-1")])
    with pytest.raises(AlreadyExistsError):
        create(documents.persons, profile("p-2"), [link("device", "x2", "p-2"), link("email", "e1", "p-2")])
    assert documents.persons.profile("p-2") is None
    assert documents.persons.identifiers(["device:x2"]) == {}


def test_several_persons_are_created_together(documents):
    many = [(profile(f"p-{n}"), [link("email", f"e{n}", f"p-{n}")]) for n in range(100)]
    assert documents.meter.of(lambda: create_all(documents.persons, many)) == (0, 200)
    assert documents.persons.profile("p-99").value == profile("p-99")
    assert documents.persons.identifiers(["email:e42"])["email:e42"].value.person_id == "p-42"


@pytest.mark.parametrize("there", [profile("p-2"), profile("p-9")])
def test_several_persons_are_created_all_or_none(documents, there):
    create(documents.persons, there, [link("email", "e2", there.person_id)])
    with pytest.raises(AlreadyExistsError):
        create_all(documents.persons, [(profile("p-1"), []), (profile("p-2"), [link("email", "e2", "p-2")])])
    assert documents.persons.profile("p-1") is None


def test_an_update_replaces_all_that_the_profile_says(documents):
    create(documents.persons, rich_profile(), [])
    read = documents.persons.profile("p-1")
    fresh = profile(version=2, attributes={"only": {"this": []}}, consents={})
    update(documents.persons, Versioned(fresh, read.version), [link("email", "e1")])
    assert documents.persons.profile("p-1").value == fresh
    assert documents.persons.identifiers(["email:e1"])["email:e1"].value.person_id == "p-1"


def test_a_stale_update_writes_nothing(documents):
    create(documents.persons, profile(), [])
    read = documents.persons.profile("p-1")
    update(documents.persons, changed(read, flags=("deceased",)), [])
    with pytest.raises(StaleError):
        update(documents.persons, changed(read, flags=()), [link("email", "e1")])
    assert documents.persons.profile("p-1").value.flags == ("deceased",)
    assert documents.persons.identifiers(["email:e1"]) == {}


def test_an_update_that_loses_an_identifier_writes_nothing(documents):
    create(documents.persons, profile("p-1"), [link("email", "e1")])
    create(documents.persons, profile("p-2"), [])
    second = changed(documents.persons.profile("p-2"), flags=("x",))
    with pytest.raises(AlreadyExistsError):
        update(documents.persons, second, [link("email", "e1", "p-2"), link("b", "1", "p-2")])
    assert documents.persons.profile("p-2").value.flags == ()
    assert documents.persons.identifiers(["b:1"]) == {}


def test_a_profile_is_left_alone_where_only_identifiers_are_written(documents):
    create(documents.persons, profile(), [])
    read = documents.persons.profile("p-1")
    assert documents.meter.of(lambda: documents.persons.rewrite(Rewrite(created=[link("email", "e1")]))) == (0, 1)
    assert documents.meter.of(lambda: documents.persons.rewrite(Rewrite())) == (0, 0)
    assert documents.persons.profile("p-1").version == read.version


def test_all_that_points_at_persons_is_found(documents):
    hanging = msgspec.structs.replace(link("cookie", "c1", "p-2"), anchor="email:e1")
    create(documents.persons, profile("p-1"), [link("email", "e1", "p-1"), link("device", "x1", "p-1")])
    create(documents.persons, profile("p-2"), [hanging, link("email", "e3", "p-2")])
    create(documents.persons, profile("p-3"), [link("email", "e2", "p-3")])
    found = documents.persons.identifiers_of(["p-1", "p-2", "p-none"])
    assert found == [hanging, link("device", "x1", "p-1"), link("email", "e1", "p-1"), link("email", "e3", "p-2")]
    assert documents.persons.identifiers_of([]) == []


def test_an_identifier_of_another_epoch_is_another(documents):
    again = msgspec.structs.replace(link("cookie", "c1", "p-2"), epoch=7)
    create(documents.persons, profile("p-1"), [link("cookie", "c1", "p-1")])
    create(documents.persons, profile("p-2"), [again])
    assert documents.persons.identifiers(["cookie:c1@7"])["cookie:c1@7"].value == again
    assert documents.persons.identifiers(["cookie:c1"])["cookie:c1"].value.person_id == "p-1"


def merge(documents, *, identifiers=()):
    """What merges the person p-2 into p-1, as read now."""
    one, other = documents.persons.profile("p-1"), documents.persons.profile("p-2")
    redirect = profile("p-2", version=2, merged_into="p-1")
    return Rewrite(
        persons=[changed(one, flags=("merged",)), Versioned(redirect, other.version)],
        placed=[profile("p-0", version=2, merged_into="p-1")],
        created=identifiers,
        changed=[
            Versioned(msgspec.structs.replace(each.value, person_id="p-1"), each.version)
            for each in documents.persons.identifiers(["email:e2"]).values()
        ],
    )


def test_persons_and_identifiers_change_together(documents):
    create_all(documents.persons, [(profile("p-1"), []), (profile("p-2"), [link("email", "e2", "p-2")])])
    change = merge(documents, identifiers=[link("cookie", "c1")])
    assert documents.meter.of(lambda: documents.persons.rewrite(change)) == (0, 5)
    assert documents.persons.profile("p-1").value.flags == ("merged",)
    assert [documents.persons.profile(each).value.merged_into for each in ("p-2", "p-0")] == ["p-1", "p-1"]
    found = documents.persons.identifiers(["email:e2", "cookie:c1"])
    assert {each.value.person_id for each in found.values()} == {"p-1"}
    assert behind(documents.persons, "p-0").value.person_id == "p-1"


@pytest.mark.parametrize("meanwhile", ["a person", "an identifier", "a new identifier"])
def test_what_changes_together_changes_only_as_it_was_read(documents, meanwhile):
    create_all(documents.persons, [(profile("p-1"), []), (profile("p-2"), [link("email", "e2", "p-2")])])
    change = merge(documents, identifiers=[link("cookie", "c1")])
    match meanwhile:
        case "a person":
            update(documents.persons, changed(documents.persons.profile("p-2"), flags=("x",)), [])
        case "an identifier":
            read = documents.persons.identifiers(["email:e2"])["email:e2"]
            later = Versioned(msgspec.structs.replace(read.value, shared=True), read.version)
            documents.persons.rewrite(Rewrite(changed=[later]))
        case "a new identifier":
            documents.persons.rewrite(Rewrite(created=[link("cookie", "c1", "p-2")]))
    with pytest.raises((StaleError, AlreadyExistsError)):
        documents.persons.rewrite(change)
    assert documents.persons.profile("p-1").value.flags == ()
    assert documents.persons.profile("p-2").value.merged_into is None
    assert documents.persons.profile("p-0") is None
    assert documents.persons.identifiers(["email:e2"])["email:e2"].value.person_id == "p-2"


def test_operations_are_counted(documents):
    meter, persons = documents.meter, documents.persons
    assert meter.of(lambda: create(persons, profile(), [link("email", "e1"), link("device", "x1")])) == (0, 3)
    assert meter.of(lambda: persons.identifiers(["email:e1", "device:x1", "phone:none"])) == (3, 0)
    assert meter.of(lambda: persons.profile("p-1")) == (1, 0)
    assert meter.of(lambda: persons.profile("p-none")) == (1, 0)
    read = persons.profile("p-1")
    assert meter.of(lambda: update(persons, changed(read), [link("phone", "t1")])) == (0, 2)


def test_twenty_threads_make_one_person(documents):
    identifiers = {"email": "e1", "device": "x1"}

    def identify(number: int) -> str:
        while not (found := documents.persons.identifiers([f"{ns}:{value}" for ns, value in identifiers.items()])):
            person_id = f"p-{number}"
            try:
                create(documents.persons, profile(person_id), [link(ns, v, person_id) for ns, v in identifiers.items()])
            except (AlreadyExistsError, StaleError):
                continue
        assert len(found) == 2
        return found["email:e1"].value.person_id

    with ThreadPoolExecutor(20) as pool:
        persons = set(pool.map(identify, range(20)))
    assert len(persons) == 1
    created = [n for n in range(20) if documents.persons.profile(f"p-{n}") is not None]
    assert persons == {f"p-{n}" for n in created}


def test_twenty_threads_lose_no_update(documents):
    create(documents.persons, profile(attributes={"count": 0}), [])

    def add_one(_number: int) -> None:
        while True:
            read = documents.persons.profile("p-1")
            try:
                update(documents.persons, changed(read, attributes={"count": read.value.attributes["count"] + 1}), [])
            except StaleError:
                continue
            return

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(add_one, range(20)))
    assert documents.persons.profile("p-1").value.attributes == {"count": 20}
    assert documents.persons.profile("p-1").value.version == 21
