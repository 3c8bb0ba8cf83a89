"""`python -m emulators.workflows --port 9070 [--grpc-port 9071] [--places FILE]` serves until it is stopped."""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
from pathlib import Path

import msgspec
from waitress.server import create_server

from emulators.workflows.serving.api import Application
from emulators.workflows.serving.places import Places
from emulators.workflows.serving.server import Server

THREADS = 16


def main() -> None:
    """Serve on 127.0.0.1."""
    parser = argparse.ArgumentParser(prog="emulators.workflows", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--grpc-port", type=int, help="serve the same by gRPC, too")
    parser.add_argument("--places", type=Path, help="JSON of where the other emulators are")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    places = msgspec.json.decode(given.places.read_bytes(), type=Places) if given.places else Places()
    application = Application(Server(places, f"http://127.0.0.1:{given.port}"))
    serving = create_server(application, host="127.0.0.1", port=given.port, threads=THREADS)
    by_grpc = None
    if given.grpc_port:
        from emulators.workflows.serving.grpc_api import serve  # noqa: PLC0415 - takes a second, and few want it

        by_grpc = serve(application, given.grpc_port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=serving.run, daemon=True).start()
    stop.wait()
    serving.close()
    if by_grpc is not None:
        by_grpc.stop(grace=None)


if __name__ == "__main__":
    main()
