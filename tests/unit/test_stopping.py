"""A platform stops once, whoever asks, and an explanation survives a ranking that has moved on."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from emulators.children import StartError
from emulators.embedded import Embedded
from emulators.endpoints import EndpointsFile
from emulators.local import Bank
from emulators.options import Options
from emulators.platform import Platform
from shared.domain.decision import Chosen, DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.explanation import explain
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import Signal

BANK = Bank(Path(__file__).resolve().parents[2])


class LonelyFile(EndpointsFile):
    """An endpoints file that two threads at once may not remove: the first to come waits a moment for another."""

    def __init__(self, state):
        super().__init__(state)
        self.together = threading.Barrier(2, timeout=0.2)

    def remove(self):
        with suppress(threading.BrokenBarrierError):
            self.together.wait()
            raise AssertionError("two at once")
        super().remove()


@pytest.mark.parametrize("kind", ["embedded", "emulators"])
def test_stopping_from_many_threads_at_once_stops_once(tmp_path, kind):
    platform = Embedded(BANK, state=tmp_path) if kind == "embedded" else Platform(Options(BANK.root, state=tmp_path))
    platform._file = LonelyFile(tmp_path)
    if kind == "embedded":
        platform.start()
    else:
        assert platform._file.claim()  # as far as it gets without Java

    with ThreadPoolExecutor(8) as pool:
        for stopped in [pool.submit(platform.stop) for _ in range(8)]:
            stopped.result()

    platform.wait()
    assert not (tmp_path / "endpoints.json").exists()


def test_a_choice_that_a_later_ranking_lacks_is_still_explained():
    now = datetime(2026, 11, 22, tzinfo=UTC)
    record = DecisionRecord(
        decision_id="d-1",
        person_id="p-1",
        revision=BANK.revision.id,
        signal=Signal(id="1", type="page_viewed", at=now, received_at=now, source="web", identifiers={}),
        profile=Profile(person_id="p-1", version=2, created_at=now),
        decided_at=now,
        reserved_at=now,
        result="reserved",
        slots=Slots(channels=("email",)),
        chosen=(Chosen(treatment="northmoor_cash_isa.email", delivery_id="v-1", rank=1),),
    )

    explanation = explain(Policy(BANK.revision), record)

    assert explanation.chosen[0]["treatment"] == "northmoor_cash_isa.email"
    assert "reserved before" in explanation.against_runner_up[0]


def test_a_platform_that_is_stopped_while_it_starts_does_not_wait_for_a_client_that_tries_again(tmp_path, monkeypatch):
    platform = Platform(Options(BANK.root, state=tmp_path))
    trying, give_up = threading.Event(), threading.Event()
    monkeypatch.setattr(platform, "_prepare_pubsub", lambda: trying.set() or give_up.wait())
    for other in ("_prepare_bigquery", "_prepare_firestore"):
        monkeypatch.setattr(platform, other, lambda: None)

    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(platform._prepare)
        assert trying.wait(10)
        platform.stop()
        with pytest.raises(StartError, match="stopped while it started"):
            starting.result(timeout=10)
    give_up.set()
