"""Free ports on this machine, kept until they are given back."""

import contextlib
import socket
import sys
from collections.abc import Mapping, Sequence

from emulators.errors import CannotStartError


class Ports:
    """Ports on 127.0.0.1 that nobody else will be given.

    A port that was merely found free can be taken by anyone before its server starts. So the sockets stay bound,
    without listening. On Linux a server that sets SO_REUSEADDR, as all of ours do, may then listen on the port, while
    the kernel hands it to no one else, not even while the server is dead and about to be restarted. Elsewhere the
    port is let go at once and a small risk remains.
    """

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def take(self, wanted: int | None = None) -> int:
        """Reserve a port and give its number: the wanted one, or any free one.

        Raises:
            PortInUseError: the wanted port is in use.
        """
        held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            held.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            held.close()
            raise PortInUseError(wanted or 0) from error
        # set after binding, so that the reservation is refused to another reserver and open to our server
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port: int = held.getsockname()[1]
        self._held.append(held)
        if not sys.platform.startswith("linux"):
            held.close()
        return port

    def take_all(self, names: Sequence[str], wanted: Mapping[str, int]) -> dict[str, int]:
        """Reserve a port for each name: the wanted one where `wanted` names it, which no other name is then given.

        Raises:
            PortInUseError: a wanted port is in use.
            NoSuchPortError: a name that is none of these, or a number that is no port.
        """
        for name, port in wanted.items():
            if name not in names:
                raise NoSuchPortError(f"Nothing here is called {name}.", f"Choose among {', '.join(names)}.")
            if not 0 < port < 65536:
                raise NoSuchPortError(f"{port} is no port.", "Choose one from 1 to 65535.")
        taken = {name: self.take(port) for name, port in wanted.items()}
        return {name: taken.get(name) or self.take() for name in names}

    def release(self) -> None:
        """Give all ports back."""
        for held in self._held:
            with contextlib.closing(held):
                pass
        self._held.clear()


class NoSuchPortError(CannotStartError):
    """A port was asked for that cannot be had, or for something that has none."""


class PortInUseError(CannotStartError):
    """A port that was asked for by number is taken."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} is in use.", "Choose another, or stop what uses it.")
