"""The releases of a platform, asked and commanded as one of its operators."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import httpx

from cli.platform import running
from cli.say import fail
from cli.talk import checked

F = TypeVar("F", bound=Callable[..., Any])

ADDRESS, KEY = "KAIROS_RELEASES", "KAIROS_OPERATOR_KEY"


def operator_options(command: F) -> F:
    """The options of a command that an operator gives."""
    for option in (
        click.option("--environment", default="live", show_default=True, help="Which environment it is about."),
        click.option(
            "--as",
            "person",
            envvar="KAIROS_AS",
            default="local",
            show_default=True,
            help="Whose key is sent, of the persons that a platform on this machine knows.",
        ),
    ):
        command = option(command)
    return command


class Desk:
    """An operator's desk: calls of releases, with the operator's key."""

    def __init__(self, client: httpx.Client, environment: str) -> None:
        self._client = client
        self._environment = {"environment": environment}

    def ask(self, path: str, **about: str) -> dict[str, Any]:
        """What releases answers, or an end with what was wrong."""
        return checked(self._client.get(path, params={**self._environment, **about}, timeout=None))

    def do(self, path: str, told: dict[str, Any]) -> dict[str, Any]:
        """What came of a command, or an end with what kept it from being done."""
        body = {name: value for name, value in told.items() if value is not None}
        return checked(self._client.post(path, params=self._environment, json=body))

    def keep(self, canonical: bytes) -> str:
        """Keep a revision; gives its id."""
        headers = {"content-type": "application/json"}
        answer = self._client.post("/v1/revisions", content=canonical, headers=headers, timeout=None)
        return str(checked(answer)["revision"])

    def release(self, named: str, *states: str) -> dict[str, Any]:
        """The release of an id, or of a revision, or of the beginning of either; where none is named the latest that is
        in one of these states.
        """
        known: list[dict[str, Any]] = self.ask("/v1/releases")["releases"]
        if named:
            found = [each for each in known if named in (each["id"], each["revision"])] or [
                each for each in known if each["id"].startswith(named) or each["revision"].startswith(named)
            ]
        else:
            found = [each for each in known if each["state"] in states]
        if not found:
            wanted = named or " or ".join(states)
            fail(f"There is no release {wanted}.", "kairos catalogue history shows them")
        return found[0]


@contextmanager
def desk(person: str, environment: str) -> Iterator[Desk]:
    """The desk of a person of this machine; where the environment names an address and a key, of whose key that is."""
    address, key = os.environ.get(ADDRESS), os.environ.get(KEY)
    if address:
        if not key:
            fail(f"{ADDRESS} is set and {KEY} is not.", "Set it to your operator's key; it is in OPERATOR_KEYS.")
        try:
            with httpx.Client(base_url=address, headers={"x-api-key": key}, timeout=30) as client:
                yield Desk(client, environment)
        except httpx.TransportError as error:
            fail(f"releases at {address} does not answer: {error}", f"{ADDRESS} is the address of the function")
        return
    platform = running()
    if person not in platform.people:
        fail(f"Nobody here is called {person}.", f"--as is one of {', '.join(platform.people) or 'nobody'}")
    with platform.client("releases") as client:
        client.headers["x-api-key"] = platform.people[person]
        yield Desk(client, environment)
