"""A platform that runs, for commands to ask."""

from __future__ import annotations

from collections.abc import Callable

import httpx


class Platform:
    """One that answers as a test says, whichever function is asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answer = answer

    def client(self, _function: str) -> httpx.Client:
        transport = httpx.MockTransport(self._answer)
        return httpx.Client(base_url="http://platform", transport=transport, trust_env=False)
