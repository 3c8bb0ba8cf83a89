"""`signals.ingest`: a signal taken in over HTTP, against a function of the same server that only parses its JSON.

What is published goes to a topic that nobody listens to, so that nothing behind ingest runs in its process.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from werkzeug.wrappers import Request, Response

from cli.bench.counts import Counts
from cli.bench.load import Target, Work, in_a_process_of_its_own
from cli.bench.results import Result, result
from cli.platform import ROOT, STATE
from cli.say import fail
from emulators.access import Credentials
from emulators.embedded import Embedded
from emulators.errors import CannotStartError
from emulators.local import Bank
from functions.ingest.api import routes
from functions.ingest.handler import Ingest
from shared.adapters.memory.bus import Bus, Publisher
from shared.adapters.memory.catalogues import Catalogues
from shared.adapters.memory.companions import Companions
from shared.adapters.memory.secrets import Secrets
from shared.adapters.memory.store import Store
from shared.runtime.door import Door
from shared.runtime.door.pace import Pace
from shared.runtime.door.tokens import Issuers
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Service, always_ready, json_answer, read_body
from shared.runtime.world import timer, utc_now

CONNECTIONS = 8
LIMIT = 2.5
CUSTOMERS = 200
PEER = "JSON parsed"
_PATH = "/v1/signals"


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure it."""
    bank, credentials = Bank(ROOT), Credentials()
    services = {
        "alone": Service("alone", _ingest(bank, credentials), ready=always_ready),
        "parser": Service("parser", [("POST", _PATH, _parse)], ready=always_ready),
    }
    try:
        with Embedded(
            bank, state=STATE / "bench", credentials=credentials, extra=services, on_progress=tell
        ) as platform:
            targets = {
                name: Target.at(platform.endpoints[name], _PATH, platform.headers["ingest"], _signals())
                for name in services
            }
            tell(f"ingest: {counts.decide_blocks} blocks of {counts.decide_requests} on {CONNECTIONS} connections")
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
    a_second = [CONNECTIONS * 1000 / taken for taken in times["alone"]]
    return [
        result("ingest", "ms", times["alone"], bench="signals", peers={PEER: times["parser"]}, limit=LIMIT),
        result("ingest.rate", "signals/s", a_second, bench="signals", peers={}),
    ]


def _ingest(bank: Bank, credentials: Credentials) -> list[tuple[str, str, Callable[..., Response]]]:
    """The routes of ingest by itself."""
    meter, secrets, catalogues = RequestMeter(), Secrets(), Catalogues(Store())
    catalogues.publish(bank.revision)
    for name, value in bank.source_secrets(credentials).items():
        secrets.add(name, value.encode())
    ingest = Ingest(catalogues, Publisher(Bus(), meter), bank.identifier_key)
    door = Door(secrets, utc_now, Issuers())
    return list(routes(ingest, catalogues, door, Pace(timer, Companions(Store(), "bench")), meter, utc_now))


def _parse(request: Request) -> Response:
    msgspec.json.decode(read_body(request))
    return json_answer({}, 202)


def _signals() -> list[str]:
    """What a tag manager sends as pages are viewed, one customer after another."""
    return [
        msgspec.json.encode(
            {
                "type": "page_viewed",
                "source": "web",
                "identifiers": {"customer_no": f"C{number:06d}", "cookie_id": f"bench-cookie-{number}"},
                "brand": "northmoor",
                "context": {"page": "/savings/easy-access", "device": "mobile", "page_category": "savings"},
                "properties": {"category": "savings", "title": "Easy access saver", "seconds": 31.5},
            }
        ).decode()
        for number in range(1, CUSTOMERS + 1)
    ]
