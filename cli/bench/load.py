"""A closed loop of requests over connections kept open, run as a process of its own so that it shares no lock with
the server: `python -m cli.bench.load`, the work as JSON on stdin, milliseconds of each request as JSON on stdout.

One thread over raw sockets, which costs a request some twenty microseconds.
"""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, islice
from urllib.parse import urlsplit

import msgspec

from cli.platform import ROOT
from cli.say import fail


class Target(msgspec.Struct, frozen=True):
    """What is asked: each body in its turn."""

    port: int
    path: str
    headers: dict[str, str]
    bodies: list[str]

    @classmethod
    def at(cls, address: str, path: str, headers: Mapping[str, str], bodies: list[str]) -> Target:
        """A function that takes JSON at a local address."""
        port = urlsplit(address).port or 0
        return cls(port=port, path=path, headers={**headers, "content-type": "application/json"}, bodies=bodies)


class Work(msgspec.Struct, frozen=True):
    """Blocks of requests to each target in turn, the first round to warm up: its times are not given."""

    targets: dict[str, Target]
    connections: int
    blocks: int
    requests: int


class UnexpectedAnswerError(Exception):
    """An answer that does not say that all is well."""


class _Connection:
    """One connection, with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""
        self._sent_at = 0.0

    def send(self, request: bytes) -> None:
        self._received = b""
        self._sent_at = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> float | None:
        """Take what has come; milliseconds since the request once the answer is whole."""
        self._received += self.socket.recv(1 << 16)
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < content_length(head):
            if not self._received:
                raise UnexpectedAnswerError("the connection was closed")
            return None
        if not head.partition(b" ")[2].startswith(b"2"):
            raise UnexpectedAnswerError(self._received.decode(errors="replace"))
        return (time.perf_counter() - self._sent_at) * 1000


def content_length(head: bytes) -> int:
    """The length that the head of an answer declares."""
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


def requests(target: Target) -> Iterator[bytes]:
    """The requests to a target, without end."""
    for body in cycle(target.bodies):
        content = body.encode()
        given = {**target.headers, "host": "127.0.0.1", "content-length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        yield f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode() + content


def block(connections: Sequence[_Connection], to_send: Iterator[bytes]) -> list[float]:
    """Send until all is sent and answered: each connection its next request as soon as the last is answered."""
    times: list[float] = []
    with selectors.DefaultSelector() as selector:
        for connection, request in zip(connections, to_send, strict=False):
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            connection.send(request)
        while selector.get_map():
            for key, _ in selector.select():
                connection = key.data
                taken = connection.take()
                if taken is None:
                    continue
                times.append(taken)
                following = next(to_send, None)
                if following is None:
                    selector.unregister(connection.socket)
                else:
                    connection.send(following)
    return times


def run(work: Work) -> Mapping[str, list[float]]:
    """Do the work; milliseconds of each request, by target."""
    times: dict[str, list[float]] = {name: [] for name in work.targets}
    streams = {name: requests(target) for name, target in work.targets.items()}
    connections = {
        name: [_Connection(target.port) for _ in range(work.connections)] for name, target in work.targets.items()
    }
    for number in range(work.blocks + 1):
        for name, stream in streams.items():
            taken = block(connections[name], islice(stream, work.requests))
            if number:
                times[name] += taken
    return times


def in_a_process_of_its_own(work: Work) -> dict[str, list[float]]:
    """Have the work done; milliseconds of each request, by target."""
    done = subprocess.run(
        [sys.executable, "-m", "cli.bench.load"],
        check=False,
        cwd=ROOT,
        input=msgspec.json.encode(work),
        stdout=subprocess.PIPE,
    )
    if done.returncode:
        fail("The load generator failed; what it said is above.")
    return msgspec.json.decode(done.stdout, type=dict[str, list[float]])


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Work))))
