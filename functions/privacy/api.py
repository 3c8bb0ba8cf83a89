"""The HTTP side of privacy: `/v1/persons/export`, `/v1/erasures`, `/v1/readmissions`, and `POST /`, which the scheduler
sends every minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from werkzeug.wrappers import Request, Response

from functions.privacy.erasing import Erase
from functions.privacy.exporting import Export
from functions.privacy.handing_over import HandOver
from shared.domain.erasure import Erasure, check_case
from shared.ports import Clock, Erasures
from shared.runtime.keys import Keyring
from shared.runtime.pushers import Check
from shared.runtime.service import Route, json_answer, read_as
from shared.runtime.telemetry import log


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who it is about, by one identifier, and the reference of the request."""

    identifiers: dict[str, Any]
    case: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Every erasure, the latest first."""

    erasures: list[Erasure]


class Readmitted(msgspec.Struct, frozen=True, kw_only=True):
    """An identifier that may stand for somebody new."""

    readmitted: bool = True


def ticked(erase: Erase, check: Check, clock: Clock) -> Sequence[Route]:
    """The route of the sweep, for whoever passes the check."""

    def post_sweep(request: Request) -> Response:
        check(request)
        return json_answer(erase.finish_due(clock()))

    return [("POST", "/", post_sweep)]


def handing_over(hand_over: HandOver, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of what is put aside for persons, for operators of a keyring."""

    def post_exports(request: Request) -> Response:
        caller, asked = keys.caller(request), read_as(request, Asked)
        made = hand_over(asked.identifiers, by=caller.name, case=asked.case, now=clock())
        log("INFO", "a person's data was put aside", by=caller.name, case=asked.case)
        return json_answer(made)

    def get_export(request: Request, name: str) -> Response:
        caller = keys.caller(request)
        held = hand_over.fetch(name, clock())
        log("INFO", "a person's data was handed over", by=caller.name, handover=name)
        return Response(held, content_type="application/json")

    return [("POST", "/v1/exports", post_exports), ("GET", "/v1/exports/<name>", get_export)]


def routes(export: Export, erase: Erase, erasures: Erasures, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases for operators of a keyring."""

    def post_export(request: Request) -> Response:
        caller, asked = keys.caller(request), read_as(request, Asked)
        check_case(asked.case)
        held = export(asked.identifiers, clock())
        log("INFO", "a person's data was handed over", by=caller.name, case=asked.case)
        return Response(held, content_type="application/json")

    def post_erasures(request: Request) -> Response:
        caller, asked = keys.caller(request), read_as(request, Asked)
        return json_answer(erase.begin(asked.identifiers, by=caller.name, case=asked.case, now=clock()))

    def get_erasures(request: Request) -> Response:
        keys.caller(request)
        return json_answer(Known(erasures=[msgspec.structs.replace(each, person_ids=()) for each in erasures.all()]))

    def post_erasure(request: Request, erasure: str) -> Response:
        keys.caller(request)
        return json_answer(erase.go_on(erasure, clock()))

    def post_readmissions(request: Request) -> Response:
        caller, asked = keys.caller(request), read_as(request, Asked)
        check_case(asked.case)
        erase.readmit(asked.identifiers, clock())
        log("INFO", "an identifier was readmitted", by=caller.name, case=asked.case)
        return json_answer(Readmitted())

    return [
        ("POST", "/v1/persons/export", post_export),
        ("POST", "/v1/erasures", post_erasures),
        ("GET", "/v1/erasures", get_erasures),
        ("POST", "/v1/erasures/<erasure>", post_erasure),
        ("POST", "/v1/readmissions", post_readmissions),
    ]
