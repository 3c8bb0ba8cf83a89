"""A server that is served, from `start` to `stop`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from waitress.server import create_server

from emulators.ports import Ports
from emulators.workflows.running.clocks import Clock, WallClock
from emulators.workflows.serving.api import Application
from emulators.workflows.serving.journal import Journal
from emulators.workflows.serving.places import Places
from emulators.workflows.serving.server import Server

THREADS = 16


class Hosted:
    """Serves the REST APIs on 127.0.0.1 in a thread; `server` is what it holds."""

    def __init__(
        self,
        places: Places,
        port: int = 0,
        new_clock: Callable[[], Clock] = WallClock,
        journal: Journal | None = None,
    ) -> None:
        """Serve at `port`, or a free one; executions take their time from a `new_clock`, and are in a `journal`."""
        self._ports = Ports()
        self.port = port or self._ports.take()
        self.address = f"http://127.0.0.1:{self.port}"
        self.server = Server(places, self.address, new_clock, journal)
        self.application = Application(self.server)
        self._serving = create_server(self.application, host="127.0.0.1", port=self.port, threads=THREADS)
        self._thread = threading.Thread(target=self._serve, name="workflows", daemon=True)

    def _serve(self) -> None:
        with suppress(OSError):  # its sockets are closed under it: waitress has no other way to stop
            self._serving.run()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._serving.close()
        self._ports.release()
