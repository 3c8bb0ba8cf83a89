"""The tree of persons' keys in its documents, and what is sealed with it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shared.adapters import memory
from shared.adapters.key_wrappers import LocalKey, make_key_file, wrapper
from shared.adapters.memory.person_keys import Documents as InMemory
from shared.adapters.person_keys import TreeOfKeys
from shared.adapters.sealed_history import SealingPublisher, is_sealed, open_record
from shared.adapters.sealing import Sealer
from shared.domain.errors import ErasedError, PermanentError, TransientError
from tests.contract.conftest import ON_EMULATORS
from tests.contract.samples import row

WRAPPER = LocalKey(lambda: bytes(32))


@pytest.fixture(params=["memory", pytest.param("firestore", marks=ON_EMULATORS)])
def kept(request: pytest.FixtureRequest, project: str):
    if request.param == "memory":
        return InMemory(memory.Store())
    request.getfixturevalue("emulators")
    from shared.adapters.firestore.client import Database  # noqa: PLC0415 - slow, and not always there
    from shared.adapters.firestore.person_keys import Documents  # noqa: PLC0415

    return Documents(Database(project, "person-keys"))


def keys(documents, wrapped_by=WRAPPER, **options):
    return TreeOfKeys(documents, wrapped_by, **options)


def test_a_key_is_the_same_in_every_process_and_nobody_elses(kept):
    keys(kept).create()
    keys(kept).create()
    assert keys(kept).key("p-1") == keys(kept).key("p-1") != keys(kept).key("p-2")


def test_a_destroyed_key_is_gone_and_all_others_are_there(kept):
    tree = keys(kept)
    tree.create()
    before = {person: tree.key(person) for person in ("p-1", "p-2", "p-3")}
    for _ in range(2):
        tree.destroy(["p-1", "p-3"])
        for reader in (tree, keys(kept)):
            assert reader.key("p-2") == before["p-2"]
            for person in ("p-1", "p-3"):
                with pytest.raises(ErasedError):
                    reader.key(person)


def test_destroying_again_writes_nothing(kept):
    tree = keys(kept)
    tree.create()
    tree.destroy(["p-1"])
    written = kept.read("root")
    tree.destroy(["p-1"])
    assert kept.read("root") == written


def test_many_destroy_at_once_and_every_key_is_gone(kept):
    keys(kept).create()
    people = [f"p-{number}" for number in range(12)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda start: keys(kept).destroy(people[start::3]), range(3)))
    for person in people:
        with pytest.raises(ErasedError):
            keys(kept).key(person)
    assert keys(kept).key("p-other")


def test_another_process_forgets_within_a_minute(kept):
    now = [0.0]
    keys(kept).create()
    other = keys(kept, monotonic=lambda: now[0])
    other.key("p-1")
    keys(kept).destroy(["p-1"])
    now[0] = 601.0  # beyond ten times a minute it is looked before it is answered, and sooner behind the answer
    with pytest.raises(ErasedError):
        other.key("p-1")


def test_without_a_tree_nothing_is_sealed(kept):
    with pytest.raises(TransientError, match="no tree"):
        keys(kept).key("p-1")


def test_another_wrapper_opens_nothing(kept):
    keys(kept).create()
    with pytest.raises(PermanentError, match="not wrapped with this machine's key"):
        keys(kept, LocalKey(lambda: bytes([1]) * 32)).key("p-1")


def test_a_key_file_is_its_owners_and_wraps(tmp_path):
    setting = make_key_file(tmp_path / "person keys" / "key")
    file = tmp_path / "person keys" / "key"
    assert (file.stat().st_mode & 0o777, file.stat().st_size) == (0o600, 32)
    one = wrapper(setting, "project")
    assert wrapper(setting, "project").unwrap(one.wrap(b"k" * 32)) == b"k" * 32


@pytest.mark.parametrize("setting", ["", "kms://europe-west2/kairos", "file://relative", "key"])
def test_a_setting_that_names_no_wrapper_never_starts(setting):
    with pytest.raises(ValueError, match="PERSON_KEYS is"):
        wrapper(setting, "project")


class Topic:
    """Keeps what is published."""

    def __init__(self):
        self.messages = []

    def publish(self, messages):
        self.messages += messages


def test_a_record_is_published_sealed_and_opens_until_its_person_is_erased():
    topic, sealer = Topic(), memory.new_sealer(memory.Store())
    publisher, told = (
        SealingPublisher(topic, sealer),
        row(person_id="p-1", record='{"profile": {"attributes": {"age": 47}}}'),
    )
    publisher.publish([told, told])
    one, two = topic.messages
    assert one == two
    assert is_sealed(one.record)
    assert "age" not in one.record
    assert open_record(sealer, one.record) == told.record
    sealer.keys.destroy([told.person_id])
    with pytest.raises(ErasedError):
        open_record(sealer, one.record)
    publisher.publish([told])
    assert topic.messages[-1].record is None


def test_a_decision_of_a_merged_person_is_sealed_for_whose_signal_it_was():
    topic, sealer = Topic(), memory.new_sealer(memory.Store())
    told = row(person_id="p-1", record='{"person_id":"p-1","fragment":"p-2"}')
    SealingPublisher(topic, sealer).publish([told])
    sealer.keys.destroy(["p-1"])
    assert open_record(sealer, topic.messages[0].record) == told.record
    sealer.keys.destroy(["p-2"])
    with pytest.raises(ErasedError):
        open_record(sealer, topic.messages[0].record)


def test_what_is_sealed_opens_for_its_person_and_purpose_alone():
    sealer = memory.new_sealer(memory.Store())
    sealed = sealer.seal("p-1", "profile", b"plain")
    assert sealer.open("p-1", "profile", sealed) == b"plain"
    for wrong in [
        ("p-2", "profile", sealed),
        ("p-1", "record", sealed),
        ("p-1", "profile", sealed[:-1]),
        ("p-1", "profile", b""),
    ]:
        with pytest.raises(PermanentError, match="does not open"):
            sealer.open(*wrong)
    assert Sealer(sealer.keys).seal("p-1", "profile", b"plain") == sealed


@pytest.mark.parametrize(
    "sealed",
    [
        "02895a96f011b058a88a2245e8a1f15ce86d794185e0e550dbcca58e89ca5ff6c3fb9581ef0be9e07ad580f7a86b6de33758c5c836d8e325769e",
        "03612e422700ada174e1b55ed3d9c7e0783afa4893133fe70a83a3c19bf86f4ee997d48fbe2d6792e200",
    ],
)
def test_what_was_sealed_before_opens_for_ever(sealed):
    class OneKey:
        def key(self, _person):
            return bytes(32)

    assert Sealer(OneKey()).open("p-1", "record", bytes.fromhex(sealed)) == b'{"decision_id":"d-1"}'
