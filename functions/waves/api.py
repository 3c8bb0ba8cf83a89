"""The HTTP side of waves: `/v1/waves`, for operators and for the workflow `outbound`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from werkzeug.wrappers import Request, Response

from functions.waves.finding import Find
from functions.waves.reconciling import Reconcile
from functions.waves.sending import Send, Sent
from functions.waves.starting import Asked, Start
from functions.waves.steering import Steer
from shared.domain.outbound.wave import OutboundWave
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.service import Route, json_answer, read_as
from shared.runtime.telemetry import log

if TYPE_CHECKING:  # it brings numpy
    from functions.waves.planning import MakePlan


class Going(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which execution asks for a step, and the page that it has sent, if it has sent one."""

    execution: str
    sent: Sent | None = None


class Resumed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a wave is resumed: at its own pace, or at another."""

    per_minute: int | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Waves, the latest first."""

    waves: Sequence[OutboundWave]


class UseCases(NamedTuple):
    """What the routes call. `plan` gives the one that plans, which brings numpy, when it is asked for."""

    start: Start
    find: Find
    plan: Callable[[], MakePlan]
    send: Send
    reconcile: Reconcile
    steer: Steer


def routes(use: UseCases, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases for operators of a keyring."""
    return [*_steps(use, keys, clock), *_steering(use, keys, clock)]


def _steps(use: UseCases, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """What an execution of the workflow asks."""

    def post_waves(request: Request) -> Response:
        caller = keys.caller(request)
        return json_answer(use.start(read_as(request, Asked), caller.actor.name, clock()))

    def post_audience(request: Request, wave: str) -> Response:
        keys.caller(request)
        return json_answer(use.find(wave, read_as(request, Going).execution, clock()))

    def post_plan(request: Request, wave: str) -> Response:
        keys.caller(request)
        return json_answer(use.plan()(wave, read_as(request, Going).execution, clock()))

    def post_pages(request: Request, wave: str) -> Response:
        keys.caller(request)
        going = read_as(request, Going)
        return json_answer(use.send(wave, going.execution, going.sent, clock()))

    def post_reconciliation(request: Request, wave: str) -> Response:
        keys.caller(request)
        return json_answer(use.reconcile(wave, read_as(request, Going).execution, clock()))

    def post_report(request: Request, wave: str) -> Response:
        keys.caller(request)
        return json_answer(use.reconcile.finish(wave, read_as(request, Going).execution, clock()))

    return [
        ("POST", "/v1/waves", post_waves),
        ("POST", "/v1/waves/<wave>/audience", post_audience),
        ("POST", "/v1/waves/<wave>/plan", post_plan),
        ("POST", "/v1/waves/<wave>/pages", post_pages),
        ("POST", "/v1/waves/<wave>/reconciliation", post_reconciliation),
        ("POST", "/v1/waves/<wave>/report", post_report),
    ]


def _steering(use: UseCases, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """What operators ask."""

    def get_waves(request: Request) -> Response:
        keys.caller(request)
        return json_answer(Known(waves=use.steer.latest()))

    def get_wave(request: Request, wave: str) -> Response:
        keys.caller(request)
        return json_answer(use.steer.show(wave))

    def get_report(request: Request, wave: str) -> Response:
        keys.caller(request)
        return json_answer(use.reconcile.report(wave, clock()))

    def post_pause(request: Request, wave: str) -> Response:
        caller = keys.caller(request)
        paused = use.steer.pause(wave, caller.actor.name, clock())
        log("INFO", "a wave was paused", wave=wave, by=caller.actor.name)
        return json_answer(paused)

    def post_resume(request: Request, wave: str) -> Response:
        caller = keys.caller(request)
        resumed = use.steer.resume(wave, read_as(request, Resumed).per_minute, caller.actor.name, clock())
        log("INFO", "a wave was resumed", wave=wave, by=caller.actor.name)
        return json_answer(resumed)

    def post_cancel(request: Request, wave: str) -> Response:
        caller = keys.caller(request)
        cancelled = use.steer.cancel(wave, caller.actor.name, clock())
        log("INFO", "a wave was cancelled", wave=wave, by=caller.actor.name)
        return json_answer(cancelled)

    return [
        ("GET", "/v1/waves", get_waves),
        ("GET", "/v1/waves/<wave>", get_wave),
        ("GET", "/v1/waves/<wave>/report", get_report),
        ("POST", "/v1/waves/<wave>/pause", post_pause),
        ("POST", "/v1/waves/<wave>/resume", post_resume),
        ("POST", "/v1/waves/<wave>/cancel", post_cancel),
    ]
