"""`python -m emulators.workflows --port 9070 [--places FILE] [--journal FOLDER]` serves until it is stopped."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

import msgspec

from emulators.workflows.serving.hosting import Hosted
from emulators.workflows.serving.journal import Journal
from emulators.workflows.serving.places import Places
from shared.domain.ready import ready


def main() -> None:
    """Serve on 127.0.0.1."""
    parser = argparse.ArgumentParser(prog="emulators.workflows", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--grpc-port", type=int, help="serve the same by gRPC, too")
    parser.add_argument("--places", type=Path, help="JSON of where the other emulators are")
    parser.add_argument("--deploy", type=Path, nargs="*", default=[], help="definitions that are there from the start")
    parser.add_argument("--journal", type=Path, help="folder by which executions outlive a kill")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    places = msgspec.json.decode(given.places.read_bytes(), type=ready(Places)) if given.places else Places()
    by_grpc = None
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    journal = Journal(given.journal) if given.journal else None
    hosted = Hosted(places, given.port, journal=journal)
    hosted.server.go_on()  # all that there was is there before anybody asks
    parent = f"projects/{places.project}/locations/{places.location}"
    known = {each.name for each in hosted.server.workflows(parent)}
    for file in given.deploy:
        name = f"{parent}/workflows/{file.stem}"
        hosted.server.deploy(name, file.read_text(encoding="utf-8"), {}, replace=name in known)
    with hosted:
        if given.grpc_port:
            from emulators.workflows.serving.grpc_api import serve  # noqa: PLC0415 - takes a second, and few want it

            by_grpc = serve(hosted.application, given.grpc_port)
        stop.wait()
    if by_grpc is not None:
        by_grpc.stop(grace=None)


if __name__ == "__main__":
    main()
