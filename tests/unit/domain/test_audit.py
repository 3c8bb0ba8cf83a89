"""The audit log: whatever is tampered with is found, and named."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidError
from shared.domain.governance.audit import entry, verify
from shared.domain.governance.commands import Begin, Propose, SetSwitch
from shared.domain.governance.environment import Environment
from shared.domain.governance.governing import govern
from shared.domain.governance.in_force import InForce
from tests.unit.domain.test_governing import ADA, NOW

KEY = bytes(range(32))


def written(key=KEY):
    """A log of five entries, and what it left."""
    environment, head, entries = Environment(name="live"), "", []
    for command in (
        Begin(revision="sha256:0", why="first"),
        Propose(revision="sha256:1", why="better"),
        SetSwitch(kind="action", id="loan", off=True, why="wrong rate"),
        SetSwitch(kind="action", id="loan", off=False, why="mended"),
        SetSwitch(kind="channel", id="sms", off=True, why="provider down"),
    ):
        environment, _ = govern(environment, command, ADA, NOW)
        entries.append(entry(head, environment, command, "-", by=ADA, now=NOW, key=key))
        head = entries[-1].head
    return entries, environment


ENTRIES, LEFT = written()


def found(entries=ENTRIES, environment=LEFT, in_force=None, head=""):
    in_force = in_force or environment.in_force()
    return [(each.kind, each.entry) for each in verify("live", entries, environment, in_force, KEY, head=head).findings]


def test_what_nobody_touched_agrees():
    assert found() == found(head=ENTRIES[2].head) == []
    assert verify("live", (), None, None, KEY).agrees
    assert verify("live", (), None, InForce(revision="sha256:0"), KEY).agrees
    assert not verify("live", (), None, InForce(revision="sha256:0"), KEY, head=ENTRIES[-1].head).agrees
    assert found(()) == [("in_force", 0), ("state", 0)]


@given(st.integers(0, 3), st.sampled_from(["by", "at", "about", "why", "signature", "state", "left"]))
def test_an_entry_that_was_changed_is_named(number, field):
    changed = {
        "by": {"by": "grace"},
        "at": {"at": NOW.replace(year=2027)},
        "about": {"about": "r-0"},
        "why": {"command": msgspec.structs.replace(ENTRIES[number].command, why="other")},
        "signature": {"signature": "00"},
        "state": {"state": "00"},
        "left": {"left": None},
    }[field]
    entries = list(ENTRIES)
    entries[number] = msgspec.structs.replace(entries[number], **changed)

    assert found(entries) == [("signature", number + 1), ("link", number + 2)]


@given(st.integers(0, 3))
def test_an_entry_that_is_gone_is_named(number):
    assert ("missing", number + 1) in found([*ENTRIES[:number], *ENTRIES[number + 1 :]])


def test_the_end_cut_off_shows_in_the_state_and_in_a_head_that_was_noted():
    assert found(ENTRIES[:3]) == [("in_force", 3), ("state", 3)]
    environment, head = Environment(name="live"), ENTRIES[-1].head
    for each in ENTRIES[:3]:
        environment, _ = govern(environment, each.command, ADA, NOW)
    assert found(ENTRIES[:3], environment) == []
    assert found(ENTRIES[:3], environment, head=head) == [("head", 5)]


def test_a_log_made_anew_without_the_key_does_not_agree():
    entries, environment = written(key=b"another" * 8)

    assert [kind for kind, _ in found(entries, environment)] == ["signature"] * 5
    assert ("head", 5) in found(entries, environment, head=ENTRIES[-1].head)


def test_what_is_in_force_beside_the_log_is_named_in_words():
    other = msgspec.structs.replace(LEFT.in_force(), revision="sha256:1")
    on = msgspec.structs.replace(LEFT.in_force(), switches=())

    says = [verify("live", ENTRIES, LEFT, each, KEY).findings[0].detail for each in (other, on)]

    assert says == [
        "sha256:1 is live, and ada left sha256:0",
        "nothing is switched off, and ada left channel:sms off",
    ]


def test_a_state_beside_the_log_is_found():
    assert found(environment=msgspec.structs.replace(LEFT, begun=7)) == [("state", 5)]


@pytest.mark.parametrize("head", ["x", "5", ":00", "5:"])
def test_a_head_that_is_none(head):
    with pytest.raises(InvalidError):
        found(head=head)


def test_a_log_and_a_state_of_another_environment_are_found():
    assert {each.kind for each in verify("test", ENTRIES, LEFT, LEFT.in_force(), KEY).findings} == {"link"}


def test_a_head_beside_the_state_that_is_not_the_last_entrys_is_found():
    def beside(head):
        findings = verify("live", ENTRIES, LEFT, LEFT.in_force(), KEY, beside=head).findings
        return [(each.kind, each.entry) for each in findings]

    assert beside(ENTRIES[-1].head) == []
    assert beside(ENTRIES[2].head) == beside("") == [("head", 5)]
    assert verify("live", (), None, None, KEY, beside="").agrees
