"""The HTTP side of persons: `/v1/persons/show`, `/v1/persons/why` and `/v1/persons/unmerge`.

Identifiers travel in bodies and never in addresses, which are logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from functions.persons.explaining import WhyOne
from functions.persons.showing import ShowPerson
from functions.persons.unmerging import Unmerge
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer, read_as


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is asked about, by one identifier."""

    identifiers: dict[str, Any]


class AskedBoth(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two are asked about, by one identifier each."""

    one: dict[str, Any]
    other: dict[str, Any]


class AskedApart(AskedBoth, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which two are to be taken apart, why, and whether to do it or only to say what would be done."""

    reason: str
    do: bool = False


def routes(show: ShowPerson, why: WhyOne, unmerge: Unmerge, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases for operators of a keyring."""

    def post_show(request: Request) -> Response:
        keys.caller(request)
        return json_answer(show(read_as(request, Asked).identifiers, clock()))

    def post_why(request: Request) -> Response:
        keys.caller(request)
        asked = read_as(request, AskedBoth)
        return json_answer(why(asked.one, asked.other, clock()))

    def post_unmerge(request: Request) -> Response:
        operator, asked = keys.caller(request).name, read_as(request, AskedApart)
        return json_answer(
            unmerge(asked.one, asked.other, reason=asked.reason, operator=operator, now=clock(), do=asked.do)
        )

    return [
        ("POST", "/v1/persons/show", post_show),
        ("POST", "/v1/persons/why", post_why),
        ("POST", "/v1/persons/unmerge", post_unmerge),
    ]
