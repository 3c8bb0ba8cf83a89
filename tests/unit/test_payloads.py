"""Every payload of every corpus, and every example of a format, by HTTP: taken as written down or refused precisely."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import yaml

from tests.payloads import table
from tests.payloads.door import CORPORA, IngestByHttp, corpora, corpus, hashed, told

EXPECTED: dict[str, list[dict[str, Any]]] = {
    name: yaml.safe_load((CORPORA.parent / "expected" / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in corpora()
}


@pytest.fixture(scope="module")
def ingest() -> IngestByHttp:
    return IngestByHttp()


@pytest.mark.parametrize("name", corpora())
def test_every_payload_is_accepted_as_written_down_or_refused_precisely(ingest, name):
    expected = {case["payload"]: case for case in EXPECTED[name]}
    for payload in corpus(name):
        answer = ingest.send(payload.source, payload.body.encode(), payload.headers)

        assert answer.status == (202 if answer.signals else 400), (payload.payload, answer.body)
        problems = [item["problem"] for item in answer.body.get("rejected", ())] or [answer.body]
        assert answer.signals or all(problem["detail"] for problem in problems)
        if payload.payload in expected:
            case = expected.pop(payload.payload)
            assert [told(signal) for signal in answer.signals] == [hashed(s) for s in case.get("signals", ())]
            refused = case.get("refused", [])
            assert [{name: problem[name] for name in refused[0]} for problem in problems if refused] == refused
            assert bool(refused) == bool(answer.body.get("rejected", [answer.body]))
    assert not expected, "the corpus has no such payload"


def test_what_becomes_of_more_than_a_hundred_payloads_is_written_down():
    assert sum(len(cases) for cases in EXPECTED.values()) > 100
    assert sum("signals" in case for cases in EXPECTED.values() for case in cases) > 75


def test_every_format_is_a_sources_or_a_providers(ingest):
    catalogue = ingest.revision.catalogue
    named = {file.stem for file in table.EXAMPLES.glob("*.yaml")}
    assert named == {file.stem for file in table.examples(ingest)} | {each.format for each in catalogue.callbacks}


@pytest.mark.parametrize("file", sorted(table.EXAMPLES.glob("*.yaml")), ids=lambda file: file.stem)
def test_examples_become_by_http_what_the_build_checked(ingest, file):
    source = table.examples(ingest).get(file)
    if source is None:
        return  # what providers report goes to feedback, whose tests read it
    for example in yaml.safe_load(file.read_text(encoding="utf-8"))["examples"]:
        answer = ingest.send(source, msgspec.json.encode(example["given"]))

        accepted = {taken["index"] for taken in answer.body.get("accepted", ())}
        assert accepted == {i for i, expected in enumerate(example["expect"]) if "refused" not in expected}, answer.body
        wanted = [expected["type"] for expected in example["expect"] if "type" in expected]
        assert [signal.type for signal in answer.signals] == wanted


@pytest.mark.parametrize(
    "inside", [b'{"a": "\\u0000"}', b'{"a": 9223372036854775808}', b"[" * 40 + b"]" * 40, b"[" * 30000]
)
def test_what_is_encoded_is_judged_like_the_rest(ingest, inside):
    event = {"specversion": "1.0", "id": "e", "type": "a", "customerno": "C000001"}
    answer = ingest.send("cloudevents", msgspec.json.encode(event | {"data_base64": inside}))
    assert answer.status == 400, answer.body


def test_an_event_in_headers_is_the_same_as_one_in_the_body(ingest):
    fields = {"specversion": "1.0", "id": "e-1", "source": "/a", "type": "com.example.seen", "customerno": "C000001"}
    headers = {f"Ce-{name}": value for name, value in fields.items()}

    structured = ingest.send("cloudevents", json.dumps({**fields, "data": {"page": "/x"}}).encode())
    binary = ingest.send("cloudevents", b'{"page": "/x"}', headers)
    assert binary.signals == structured.signals
    text = ingest.send("cloudevents", b"not JSON", {**headers, "content-type": "text/plain"})
    assert text.signals[0].properties["envelope"]["data"] == "not JSON"


def test_the_same_event_of_two_persons_in_batches_is_two_signals(ingest):
    def of(client: str) -> bytes:
        return json.dumps({"client_id": client, "events": [{"name": "page_view", "params": {}}]}).encode()

    one, other = (ingest.send("ga4", of(client)).signals[0] for client in ("visitor.one", "visitor.two"))
    assert one.id != other.id


def test_an_attribute_that_does_not_fit_is_kept_and_flagged(ingest):
    visitor = {"_id": "visitor-1", "metrics": {"5701": "lots", "5702": "7"}, "properties": {"5710": "C000001"}}

    [signal] = ingest.send("tealium", json.dumps(visitor).encode()).signals

    assert signal.attributes == {"logins_90d": 7}
    assert signal.flags == ("unfit_attribute",)
    assert signal.properties["metrics"] == {"savings_balance": "lots", "logins_90d": "7"}


def test_an_id_whose_word_is_taken_displaces_nothing(ingest):
    visitor = {"_id": "visitor-1", "metrics": {"savings_balance": 1, "5701": 2}}

    [signal] = ingest.send("tealium", json.dumps(visitor).encode()).signals

    assert signal.properties["metrics"] == {"savings_balance": 2, "_savings_balance": 1}
    assert signal.attributes == {"savings_balance": 2.0}


def test_a_proof_of_consent_is_read_where_the_format_says(ingest):
    [signal] = ingest.send(
        "ga4",
        json.dumps(
            {"event_name": "x", "client_id": "visitor.one", "x-ga-gcs": "G100", "page_location": "https://a.b"}
        ).encode(),
    ).signals
    assert {(change.purpose, change.granted) for change in signal.consent} == {("marketing", False)}


def test_the_page_says_how_many_of_each(ingest):
    assert table.PAGE.read_text(encoding="utf-8") == table.written(ingest), "python -m tests.payloads.table"
