"""Releases: what governs an environment, its log, and what deciding functions read of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from functions.releases.handler import Govern
from shared.domain.errors import ConflictError, InvalidError, NotFoundError, StaleError
from shared.domain.governance.commands import (
    Approve,
    Begin,
    Check,
    GoLiveAtOnce,
    Promote,
    Propose,
    SetSwitch,
    Simulate,
    StartCanary,
    Withdraw,
)
from shared.domain.governance.in_force import Canary, InForce, is_in
from shared.domain.governance.release import Actor
from shared.domain.governance.switches import Switch, SwitchedOff
from shared.runtime.world import pause
from tests.contract.samples import revision
from tests.corpus.tree_bank import revision as bank

KEY = bytes(range(32))
NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
ADA, GRACE, FLOW = Actor("ada"), Actor("grace"), Actor("workflow", is_person=False)
OLD, NEW = bank(), revision("new")


@pytest.fixture
def govern(documents):
    """Commands on documents, with one revision live and another kept."""
    catalogues = documents.new_catalogues()
    catalogues.keep(OLD)
    catalogues.keep(NEW)
    govern = Govern(documents.releases, catalogues, KEY, pause)
    govern("live", Begin(revision=OLD.id, why="first"), Actor("kairos", is_person=False), NOW)
    return govern


def canary(govern):
    """The other revision as a canary of a quarter."""
    release = govern("live", Propose(revision=NEW.id, why="better"), ADA, NOW).about.id
    govern("live", Check(release=release, passed=True), FLOW, NOW)
    govern("live", Simulate(release=release, passed=True, figures={"reach": 0.5}), FLOW, NOW)
    govern("live", Approve(release=release, why="agreed"), GRACE, NOW)
    govern("live", StartCanary(release=release, share=25), ADA, NOW)
    return release


def test_a_state_comes_back_as_it_was_kept(documents, govern):
    release = canary(govern)
    held = documents.releases.held("live")

    assert held.in_force == InForce(
        revision=OLD.id,
        release=held.environment.live,
        canary=Canary(revision=NEW.id, release=release, share=25),
    )
    assert held.environment.release(release).simulation.figures == {"reach": 0.5}
    assert held.environment.in_force() == held.in_force
    assert documents.releases.environments() == ["live"]


def test_where_nothing_was_asked_there_is_nothing(documents):
    assert documents.releases.held("live") == (None, None, "", None)
    assert list(documents.releases.log("live")) == []
    assert list(documents.releases.environments()) == []


def test_the_log_is_read_from_any_entry_on(documents, govern):
    canary(govern)
    entries = documents.releases.log("live")

    assert [each.number for each in entries] == [1, 2, 3, 4, 5, 6]
    assert [each.number for each in documents.releases.log("live", after=2, limit=3)] == [3, 4, 5]
    assert documents.releases.held("live").head == entries[-1].head
    assert govern.verification("live", entries[3].head).agrees
    assert list(documents.releases.log("test")) == []


def test_who_read_what_is_no_more_writes_nothing(documents, govern):
    stale = documents.releases.held("live")
    canary(govern)
    before, entries = documents.releases.held("live"), documents.releases.log("live")

    for version in (stale.version, None):
        with pytest.raises(StaleError):
            documents.releases.store(stale.environment, entries[1], version)
    assert documents.releases.held("live") == before
    assert documents.releases.log("live") == entries


def test_of_many_at_once_each_is_asked_of_what_the_others_left(documents, govern):
    release = govern("live", Propose(revision=NEW.id, why="better"), ADA, NOW).about.id
    govern("live", Check(release=release, passed=True), FLOW, NOW)
    commands = [Withdraw(release=release, why="no"), GoLiveAtOnce(release=release, why="wrong rate shown")] * 3

    def ask(command):
        try:
            return govern("live", command, ADA, NOW).about.state
        except ConflictError:
            return "conflict"

    with ThreadPoolExecutor(6) as several:
        said = list(several.map(ask, commands))

    ended = {said[0], said[1]} - {"conflict"}
    assert sorted(said) == sorted(["conflict"] * 3 + list(ended) * 3)
    assert [each.number for each in documents.releases.log("live")] == [1, 2, 3, 4]
    assert govern.verification("live", "").agrees


def test_a_canary_decides_for_its_share(documents, govern):
    release = canary(govern)
    deciding = documents.new_catalogues()

    for number in range(40):
        inside = is_in(Canary(revision="-", release=release, share=25), f"p-{number}")
        assert deciding.deciding(f"p-{number}").revision.id == (NEW if inside else OLD).id
    assert deciding.current().revision.id == OLD.id


def test_it_decides_from_its_instant_on_whenever_it_was_read(documents, govern):
    release = canary(govern)
    at = NOW + timedelta(hours=1)
    govern("live", Promote(release=release, effective_at=at), ADA, NOW)
    now = [at.timestamp() - 1]
    deciding = documents.new_catalogues(clock=lambda: now[0])
    outside = next(p for p in map("p-{}".format, range(99)) if deciding.deciding(p) is deciding.current())

    assert deciding.deciding(outside).revision.id == OLD.id
    now[0] = at.timestamp()
    assert deciding.current().revision.id == NEW.id
    assert deciding.deciding(outside).revision.id == NEW.id


def test_a_switch_holds_within_seconds_even_where_nobody_asked_for_long(documents, govern):
    now = [0.0]
    deciding = documents.new_catalogues(refresh_seconds=3, monotonic=lambda: now[0])
    assert list(deciding.switched_off()) == []

    govern("live", SetSwitch(kind="action", id=next(iter(OLD.actions)), off=True, why="wrong rate"), ADA, NOW)
    now[0] = 9.0

    assert list(deciding.switched_off()) == [SwitchedOff(kind="action", id=next(iter(OLD.actions)))]
    assert documents.meter.of(deciding.switched_off) == (0, 0)


def test_what_cannot_be_read_here_leaves_what_decides_as_it_was_but_not_what_is_on(documents, govern):
    now = [0.0]
    deciding = documents.new_catalogues(refresh_seconds=3, monotonic=lambda: now[0])
    assert deciding.current().revision.id == OLD.id
    held = documents.releases.held("live")
    release = msgspec.structs.replace(held.environment.releases[0], revision="sha256:newer")
    switch = Switch(kind="channel", id="email", by="ada", at=NOW, why="-")
    newer = msgspec.structs.replace(held.environment, releases=(release,), switches=(switch,))
    begin = documents.releases.log("live")[0]
    documents.releases.store(newer, msgspec.structs.replace(begin, number=2), held.version)

    now[0] = 9.0

    assert deciding.current().revision.id == OLD.id
    assert list(deciding.switched_off()) == [switch.off]


def test_a_canary_that_cannot_be_read_here_does_not_keep_what_is_live_from_deciding(documents, govern):
    held = documents.releases.held("live")
    live = held.environment.releases[0]
    release = msgspec.structs.replace(live, id="r-1", state="canary", revision="sha256:newer", share=25)
    newer = msgspec.structs.replace(held.environment, releases=(live, release), canary=release.id)
    begin = documents.releases.log("live")[0]
    documents.releases.store(newer, msgspec.structs.replace(begin, number=2), held.version)

    deciding = documents.new_catalogues()

    assert {deciding.deciding(f"p-{number}").revision.id for number in range(40)} == {OLD.id}


def test_what_nobody_has_is_not_switched_off_nor_proposed(documents, govern):
    with pytest.raises(InvalidError):
        govern("live", SetSwitch(kind="channel", id="pigeon", off=True, why="-"), ADA, NOW)
    with pytest.raises(NotFoundError):
        govern("live", Propose(revision="sha256:00", why="-"), ADA, NOW)


def test_what_was_live_before_there_were_releases_is_taken_over(documents):
    catalogues = documents.new_catalogues()
    catalogues.publish(OLD)
    catalogues.keep(NEW)
    govern = Govern(documents.releases, catalogues, KEY, pause)
    assert govern.governance("live", NOW).in_force == InForce(revision=OLD.id)

    govern("live", Propose(revision=NEW.id, why="better"), ADA, NOW)

    first, second = documents.releases.log("live")
    assert (first.command, first.by) == (
        Begin(revision=OLD.id, why="was live before there were releases"),
        "kairos",
    )
    assert (second.left.revision, second.by) == (OLD.id, "ada")


def test_what_decides_past_governance_is_found(documents, govern):
    assert govern.verification("live", "").agrees
    documents.new_catalogues().publish(NEW)

    [finding] = govern.verification("live", "").findings

    assert (finding.kind, finding.detail) == ("in_force", f"{NEW.id} is live, and kairos left {OLD.id}")
