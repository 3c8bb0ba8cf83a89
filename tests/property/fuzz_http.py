"""The fuzz of the doors that others call: `python -m tests.property.fuzz_http --requests 20000`.

The bank runs embedded and is asked over HTTP. Half of the requests are what `http_inputs` bends; half are what
schemathesis makes of the OpenAPI documents, such as fit and such as do not, whose answers must be as the documents say.
No answer may be a server's error, each is JSON with a trace, and none takes longer than a second. What is found is told
with its seed; the exit code says whether anything was.
"""

# ruff: noqa: T201 - prints for the person who waits

from __future__ import annotations

import argparse
import faulthandler
import json
import secrets
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from cli.openapi import documents
from emulators.embedded import Embedded
from emulators.local import Bank
from tests.property import http_inputs

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 1.0
ROUND = 500
"""Requests of each seed; more from one would only be more of the same."""

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
]


MOSTLY = st.sampled_from((True,) * 9 + (False,))


class Fuzz:
    """Sends requests to a bank that runs, looks at the answers, and remembers how they were."""

    def __init__(self, bank: Embedded) -> None:
        self.bank = bank
        self.statuses: Counter[int] = Counter()
        self.took: list[tuple[float, float, str]] = []
        self._client = httpx.Client(timeout=60, trust_env=False)
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._client.close()
        self._session.close()

    def bent(self, count: int, seed: int) -> None:
        """Send what `http_inputs` bends."""

        @seeded(seed)
        @settings(max_examples=count, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(http_inputs.requests(lambda function: dict(self.bank.headers[function])))
        def send(sent: http_inputs.Sent) -> None:
            began = _clocks()
            answer = self._client.request(
                sent.method, self.bank.endpoints[sent.function] + sent.path, headers=sent.headers, content=sent.body
            )
            self._note(answer.status_code, began, f"{sent.method} {sent.path}")
            assert answer.status_code < 500, answer.text
            assert answer.headers["traceparent"]
            if sent.method != "HEAD" and answer.status_code != 204:
                assert answer.headers["content-type"] in ("application/json", "application/problem+json")
                json.loads(answer.content)

        send()

    def by_document(self, count: int, seed: int) -> None:
        """Send what schemathesis makes of each operation, as much of each."""
        operations = [
            (name, each.ok())
            for name, text in documents().items()
            for each in schemathesis.openapi.from_dict(json.loads(text)).get_all_operations()
        ]
        modes = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for name, operation in operations:
            for mode in modes:
                self._operation(name.removesuffix(".json"), operation, mode, count // len(operations) // 2, seed)

    def _operation(self, function: str, operation: Any, mode: GenerationMode, count: int, seed: int) -> None:
        @seeded(seed)
        @settings(max_examples=max(1, count), database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=mode), st.sampled_from(http_inputs.SOURCES[:5]), MOSTLY)
        def send(case: Any, source: str, known: bool) -> None:
            if known:  # a caller who may, and of a source that there is
                case.headers.update(self.bank.headers[function])
                if "source" in case.path_parameters:
                    case.path_parameters["source"] = source
            began = _clocks()
            answer = case.call(base_url=self.bank.endpoints[function], session=self._session)
            self._note(answer.status_code, began, operation.label)
            case.validate_response(answer, checks=CHECKS)

        send()

    def _note(self, status: int, began: tuple[float, float], what: str) -> None:
        now = _clocks()
        self.statuses[status] += 1
        self.took.append((now[0] - began[0], now[1] - began[1], what))


def _clocks() -> tuple[float, float]:
    """Seconds by the wall, and seconds that this process, the bank included, has worked."""
    return time.perf_counter(), time.process_time()


def main() -> int:
    """Send as many as were asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.property.fuzz_http", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, help="of the only round, to see again what one found")
    options = parser.parse_args()
    # the bank's own threads draw chance while a request is made up, which tells nothing of what is made up
    warnings.filterwarnings("ignore", "Do not use the `random` module inside strategies")
    found = rounds = 0
    with tempfile.TemporaryDirectory() as state, Embedded(Bank(ROOT), state=Path(state)) as bank:
        fuzz = Fuzz(bank)
        while not rounds or (options.seed is None and fuzz.statuses.total() < options.requests):
            seed = secrets.randbits(48) if options.seed is None else options.seed
            for attempt in (fuzz.bent, fuzz.by_document):
                try:
                    attempt(ROUND, seed)
                except Exception:  # noqa: BLE001 - whatever it is, it was found
                    found += 1
                    print(f"found by {attempt.__name__}, --seed {seed}:\n{traceback.format_exc()}", flush=True)
            rounds += 1
            print(f"{fuzz.statuses.total():,} requests, the last from seed {seed}: {found} found", flush=True)
        fuzz.close()
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(fuzz.statuses.items()))
    took = sorted(fuzz.took)
    slow = [each for each in took if each[0] > MOST_SECONDS]
    p50, p99 = (took[len(took) * part // 100][0] * 1000 for part in (50, 99))
    print(f"{len(took):,} requests ({statuses}): {found} found; p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    for seconds, worked, what in slow or took[-1:]:
        print(f"{what} took {seconds:.3f} s, in which the bank and this worked for {worked:.3f} s")
    return 1 if found or slow else 0


if __name__ == "__main__":
    faulthandler.enable()
    sys.exit(main())
