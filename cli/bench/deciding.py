"""`spine.decide`: a decision over HTTP against an empty function of the same server and process."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from werkzeug.wrappers import Request, Response

from cli.bench.counts import Counts
from cli.bench.load import Target, Work, in_a_process_of_its_own
from cli.bench.results import Result, result
from cli.platform import ROOT, STATE
from cli.say import fail
from emulators.embedded import Embedded
from emulators.errors import CannotStartError
from emulators.local import Bank
from shared.runtime.service import Service, always_ready, json_answer, read_body

CONNECTIONS = 8
LIMIT = 3.0
CUSTOMERS = 200
EMPTY = "empty function"


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure it."""
    empty = Service("empty", [("POST", "/v1/decisions", _answer_nothing)], ready=always_ready)
    try:
        with Embedded(Bank(ROOT), state=STATE / "bench", extra={"empty": empty}, on_progress=tell) as platform:
            targets = {
                name: Target.at(platform.endpoints[name], "/v1/decisions", platform.headers["decide"], _questions())
                for name in ("decide", "empty")
            }
            tell(f"decide: {counts.decide_blocks} blocks of {counts.decide_requests} on {CONNECTIONS} connections")
            times = in_a_process_of_its_own(
                Work(
                    targets=targets,
                    connections=CONNECTIONS,
                    blocks=counts.decide_blocks,
                    requests=counts.decide_requests,
                )
            )
    except CannotStartError as error:
        fail(str(error))
    return [result("spine.decide", "ms", times["decide"], peers={EMPTY: times["empty"]}, limit=LIMIT)]


def _answer_nothing(request: Request) -> Response:
    read_body(request)
    return json_answer({})


def _questions() -> list[str]:
    """What to show a customer at the top of the home page, one customer after another."""
    placements = [{"id": "web.home.hero", "count": 1}]
    return [
        msgspec.json.encode(
            {"identifiers": {"customer_no": f"C{number:06d}"}, "channel": "web", "placements": placements}
        ).decode()
        for number in range(1, CUSTOMERS + 1)
    ]
