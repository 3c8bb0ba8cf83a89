"""What keeps the platform whole, as workflows run it over the functions, whoever dies in the middle."""

from __future__ import annotations

import json
import uuid

import pytest

from shared.ports import Parked
from shared.runtime.world import utc_now
from tests.e2e.test_waves import ended, start

pytestmark = pytest.mark.emulators


@pytest.fixture
def bank(request):
    return request.getfixturevalue("on_emulators")


def result(bank, name):
    """What an execution came to."""
    execution = ended(bank, name)
    assert execution["state"] == "SUCCEEDED", execution
    return json.loads(execution["result"])


def test_what_was_parked_goes_back_by_its_reason(bank):
    reason = f"test {uuid.uuid4().hex}"
    for number in range(3):
        bank.park(
            Parked(
                id=f"q-{reason}-{number}",
                function="identity",
                revision="",
                topic="history",
                reason=reason if number else f"not {reason[:-1]}",
                kind="permanent",
                at=utc_now(),
                data=b"no row",
            )
        )

    done = result(bank, start(bank, {"reason": reason, "per_second": 100}, "redrive"))

    assert (done["redriven"], done["refused"]) == (2, 0)
    assert not [each for each in bank.parked() if each.reason == reason]
