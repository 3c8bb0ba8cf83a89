"""A share of the fuzz of the HTTP doors, the same each time; `python -m tests.property.fuzz_http` sends 20,000.

How long answers take is for that command to judge: here other tests may be at work.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.embedded import Embedded
from emulators.local import Bank
from tests.property.fuzz_http import Fuzz

ROOT = Path(__file__).resolve().parents[2]
SEED = 4

# the bank's own threads draw chance while a request is made up, which tells nothing of what is made up
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzz]:
    with Embedded(Bank(ROOT), state=tmp_path_factory.mktemp("fuzz")) as bank:
        fuzz = Fuzz(bank)
        yield fuzz
        fuzz.close()


def test_bent_requests_are_taken_or_refused_and_never_an_error_of_ours(fuzz):
    fuzz.bent(160, SEED)

    assert fuzz.statuses.keys() >= {200, 202, 400}


def test_what_the_documents_allow_and_what_they_do_not_is_answered_as_they_say(fuzz):
    fuzz.by_document(44, SEED)
