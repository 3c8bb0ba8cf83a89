"""Records that were ever made replay with the code of today, byte for byte."""

from __future__ import annotations

import json

import msgspec
import pytest

from shared.domain.audiences import AUDIENCES, tell
from shared.domain.catalogue import Revision
from shared.domain.decision import DecisionRecord
from shared.domain.policy.policy import Policy
from shared.domain.replay import replay
from tests.corpus.keep import RECORDS, banks, decide_all

FILES = sorted(RECORDS.glob("*.json"))
REVISIONS = {f"sha256:{file.stem}": file for file in (RECORDS / "revisions").glob("*.json")}
POLICIES = {name: Policy(Revision.decode(file.read_bytes())) for name, file in REVISIONS.items()}


def kept(file):
    return msgspec.json.decode(file.read_bytes(), type=DecisionRecord)


@pytest.mark.parametrize("name", REVISIONS)
def test_a_revision_is_the_one_that_its_name_says(name):
    kept_revision = POLICIES[name].revision

    assert kept_revision.id == name
    assert Revision(kept_revision.catalogue).id == name, "it would get another id today"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_record_replays(file):
    record = kept(file)

    assert replay(POLICIES[record.revision], record).differences == ()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_of_a_record_is_unknown_to_the_code_of_today(file):
    assert json.loads(msgspec.json.encode(kept(file))) == json.loads(file.read_bytes())


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_record_is_explained_to_everybody(file, audience):
    record = kept(file)
    policy = POLICIES[record.revision]

    for action in policy.revision.actions:
        assert msgspec.json.encode(tell(policy, record, audience, action))


def test_there_is_one_of_every_result():
    results = {kept(file).result for file in FILES}
    assert results == {"reserved", "offered", "deferred", "excluded", "nothing_qualified", "all_withheld"}


def test_every_case_is_kept_and_what_is_decided_today_replays():
    policies = {by.id: Policy(by) for by, _ in banks()}
    kept_cases = {file.stem.rpartition(".")[0] for file in FILES}

    for name, row in decide_all():
        assert name in kept_cases, "python -m tests.corpus.keep"
        assert replay(policies[row.revision], msgspec.json.decode(row.record, type=DecisionRecord)).differences == ()
