"""A day sealed, verified and replayed over HTTP: what was changed is named."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from werkzeug.test import Client
from werkzeug.wrappers import Request

from functions.records.api import routes
from functions.records.handler import Records
from shared.adapters import memory
from shared.adapters.envelope import envelope
from shared.domain.ranking import packed, unpacked
from shared.messages import HistoryRow
from shared.runtime.keys import Keyring
from shared.runtime.service import Service, always_ready
from tests.corpus.keep import NOW, decide
from tests.corpus.tree_bank import revision

SEALER = memory.new_sealer(memory.Store())
DAY = NOW.date().isoformat()
KEY = {"x-api-key": "k"}


def rows():
    """What the bank of the corpus decides under its own rules."""
    return [row for _, row in decide() if row.revision == revision().id]


class Bank:
    """The cases of the corpus in a history, and records over them."""

    def __init__(self, change=lambda row: row):
        self.history, self.store = memory.DecisionHistory(SEALER), memory.Store()
        for row in rows():
            self.tell(change(row))

    def tell(self, row):
        self.history.deliver(*envelope(row))

    def ask(self, method, path, headers=KEY):
        catalogues = memory.Catalogues(self.store)
        catalogues.publish(revision())
        records = Records(self.history, memory.Seals(self.store), catalogues, b"s" * 32)
        service = Service(
            "records",
            routes(
                records,
                Keyring('{"audit": {"key": "k"}}'),
                lambda: NOW + timedelta(days=1),
            ),
            ready=always_ready,
        )
        return Client(Request.application(service)).open(path, method=method, headers=headers)


def changed(row):
    """The row with a candidate less on its record."""
    record = msgspec.json.decode(row.record)
    if "candidate_rows" not in record:
        return row
    rows = unpacked(b64decode(record["candidate_rows"]))
    record["candidate_rows"] = b64encode(packed(rows & (rows - 1))).decode()
    record["propensity_parts"] = b64encode(b64decode(record["propensity_parts"])[4:]).decode()
    return msgspec.structs.replace(row, record=msgspec.json.encode(record).decode())


def test_a_day_replays():
    bank = Bank()

    assert bank.ask("GET", f"/v1/days/{DAY}").json == {"day": DAY, "decisions": 11}
    told = bank.ask("POST", f"/v1/days/{DAY}/replay").json
    assert (told["decisions"], told["differing"]) == (9, [])  # two of the eleven rows tell of decisions told before
    parts = [bank.ask("POST", f"/v1/days/{DAY}/replay?prefix=d-{digit:x}").json for digit in range(16)]
    assert sum(part["decisions"] for part in parts) == 9


def test_a_record_that_was_changed_does_not_replay_and_its_fields_are_named():
    told = Bank(changed).ask("POST", f"/v1/days/{DAY}/replay").json

    assert len(told["differing"]) == 7
    assert all("candidates" in {d["field"] for d in each["differences"]} for each in told["differing"])


def test_a_record_whose_revision_is_gone_is_named():
    gone = lambda row: msgspec.structs.replace(row, record=row.record.replace(revision().id, "sha256:00"))  # noqa: E731

    told = Bank(gone).ask("POST", f"/v1/days/{DAY}/replay").json

    assert {each["differences"][0]["field"] for each in told["differing"]} == {"revision"}


def test_a_day_is_sealed_once_and_late_rows_after_it():
    bank = Bank()
    first = bank.ask("POST", "/v1/days/yesterday/seals").json["seal"]
    assert (first["number"], first["rows"], first["day"]) == (1, 11, DAY)
    assert bank.ask("POST", f"/v1/days/{DAY}/seals").json["seal"] is None

    bank.tell(HistoryRow(row_id="late", kind="outcome", occurred_at=NOW, outcome="click"))
    assert bank.ask("POST", f"/v1/days/{DAY}/verification").json["unsealed"] == 1
    assert bank.ask("POST", f"/v1/days/{DAY}/seals").json["seal"]["previous"]
    told = bank.ask("POST", f"/v1/days/{DAY}/verification").json
    assert (told["agrees"], told["seals"], told["sealed"], told["unsealed"]) == (True, 2, 12, 0)


def test_what_was_changed_and_what_is_missing_is_named():
    bank = Bank()
    bank.ask("POST", f"/v1/days/{DAY}/seals")
    before = rows()
    bank.history = memory.DecisionHistory(SEALER)
    for row in [changed(before[0]), *before[2:]]:
        bank.tell(row)

    told = bank.ask("POST", f"/v1/days/{DAY}/verification").json

    assert not told["agrees"]
    assert {(each["kind"], each["row_id"]) for each in told["findings"]} >= {("changed", before[0].row_id)}
    assert {each["kind"] for each in told["findings"]} <= {"changed", "missing"}
    assert len(told["findings"]) == 2


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [("/v1/days/tomorrow", KEY, 400), ("/v1/days/0001-01-01", KEY, 400), (f"/v1/days/{DAY}", {}, 401)],
)
def test_what_is_refused(path, headers, status):
    assert Bank().ask("GET", path, headers).status_code == status


def test_the_time_of_a_seal_is_the_clock_s():
    seal = Bank().ask("POST", f"/v1/days/{DAY}/seals").json["seal"]
    assert datetime.fromisoformat(seal["sealed_at"]) == datetime(2026, 3, 3, 12, tzinfo=UTC)
