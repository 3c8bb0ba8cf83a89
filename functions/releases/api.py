"""The HTTP side of releases: `/v1/revisions`, `/v1/releases`, `/v1/freezes`, `/v1/switches`, `/v1/audit`, and `POST /`,
which the scheduler sends every hour.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec
from werkzeug.wrappers import Request, Response

from functions.releases.handler import Govern
from shared.domain.errors import InvalidError
from shared.domain.governance.commands import (
    AnyCommand,
    Approve,
    Check,
    DeclareFreeze,
    GoLiveAtOnce,
    LiftFreeze,
    Promote,
    Propose,
    ReviewEmergency,
    Rollback,
    SetSwitch,
    Simulate,
    StartCanary,
    Withdraw,
)
from shared.domain.governance.switches import SwitchKind
from shared.domain.instant import Instant
from shared.ports import Clock
from shared.runtime.keys import Keyring
from shared.runtime.pushers import Check as IsClock
from shared.runtime.service import Route, json_answer, read_as, read_body

MAX_REVISION = 24 * 1024 * 1024
"""Bytes of a revision's canonical form, unpacked."""

MOST_DIGITS = 10
"""Of the number of an entry."""

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,39}")
B = TypeVar("B", bound=msgspec.Struct)


class Why(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reason."""

    why: str


class Proposed(Why, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A revision, why it should be live, and the limits that it is meant to loosen."""

    revision: str
    acknowledged: tuple[str, ...] = ()


class Noted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a check or a simulation came to, with what it measured, and the revision that it was compared with: the one
    that is live, where that is left out.
    """

    passed: bool
    why: str = ""
    figures: dict[str, Any] = {}
    against: str = ""


class Share(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The per cent of persons that a canary decides for."""

    share: int
    why: str = ""


class Promoted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when on it is live; at once where that is left out."""

    why: str = ""
    effective_at: Instant | None = None


class RolledBack(Why, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why, and to which revision; to what was live before where that is left out."""

    to: str = ""


class Reviewed(Why, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody thinks of an emergency."""

    accepted: bool


class Frozen(Why, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when until when nothing goes canary or live."""

    from_: Instant = msgspec.field(name="from")
    until: Instant


class Switched(Why, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be off, or on again."""

    kind: SwitchKind
    id: str
    off: bool


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """A freeze or a switch that is no more."""

    ended: str


_STEPS: dict[str, tuple[type[msgspec.Struct], Callable[..., AnyCommand]]] = {
    "check": (Noted, Check),
    "simulation": (Noted, Simulate),
    "approve": (Why, Approve),
    "canary": (Share, StartCanary),
    "promote": (Promoted, Promote),
    "rollback": (RolledBack, Rollback),
    "withdraw": (Why, Withdraw),
    "emergency": (Why, GoLiveAtOnce),
    "review": (Reviewed, ReviewEmergency),
}
"""The steps of a release: the last word of their path, what they are told, and the command."""


def ticked(govern: Govern, is_clock: IsClock, clock: Clock) -> Sequence[Route]:
    """The route of the alarm, for whoever passes the check."""

    def post_alarm(request: Request) -> Response:
        is_clock(request)
        return json_answer(govern.alarm(clock()))

    return [("POST", "/", post_alarm)]


def routes(govern: Govern, keys: Keyring, clock: Clock) -> Sequence[Route]:
    """The routes of the use cases for the operators of a keyring."""
    asked, commanded = _Asked(govern, keys, clock), _Commanded(govern, keys, clock)
    return [
        ("POST", "/v1/revisions", commanded.keep),
        ("POST", "/v1/releases", commanded.propose),
        ("GET", "/v1/releases", asked.governance),
        ("GET", "/v1/releases/<release>", asked.release),
        ("GET", "/v1/in-force", asked.in_force),
        *(("POST", f"/v1/releases/<release>/{word}", commanded.step(word)) for word in _STEPS),
        ("POST", "/v1/freezes", commanded.freeze),
        ("POST", "/v1/freezes/<freeze>/lift", commanded.lift),
        ("POST", "/v1/switches", commanded.switch),
        ("GET", "/v1/switches", asked.switches),
        ("GET", "/v1/audit", asked.log),
        ("GET", "/v1/audit/verification", asked.verification),
    ]


class _Commanded:
    """What is asked to be done, by whoever holds the key that a request presents."""

    def __init__(self, govern: Govern, keys: Keyring, clock: Clock) -> None:
        self._govern, self._keys, self._clock = govern, keys, clock

    def keep(self, request: Request) -> Response:
        self._keys.caller(request)
        return json_answer(self._govern.keep(read_body(request, MAX_REVISION)))

    def propose(self, request: Request) -> Response:
        return self._do(request, Proposed, lambda told: Propose(**msgspec.structs.asdict(told)))

    def step(self, word: str) -> Callable[..., Response]:
        kind, command = _STEPS[word]

        def post(request: Request, release: str) -> Response:
            return self._do(request, kind, lambda told: command(release=release, **msgspec.structs.asdict(told)))

        return post

    def freeze(self, request: Request) -> Response:
        return self._do(request, Frozen, lambda told: DeclareFreeze(from_=told.from_, until=told.until, why=told.why))

    def lift(self, request: Request, freeze: str) -> Response:
        self._do(request, Why, lambda told: LiftFreeze(freeze=freeze, why=told.why))
        return json_answer(Ended(ended=freeze))

    def switch(self, request: Request) -> Response:
        return self._do(
            request, Switched, lambda told: SetSwitch(kind=told.kind, id=told.id, off=told.off, why=told.why)
        )

    def _do(self, request: Request, kind: type[B], command: Callable[[B], AnyCommand]) -> Response:
        by = self._keys.caller(request).actor
        asked = command(read_as(request, kind))
        about = self._govern(_environment(request), asked, by, self._clock()).about
        if isinstance(asked, SetSwitch) and not asked.off:
            return json_answer(Ended(ended=f"{asked.kind}:{asked.id}"))
        return json_answer(about)


class _Asked:
    """What is asked to be told."""

    def __init__(self, govern: Govern, keys: Keyring, clock: Clock) -> None:
        self._govern, self._keys, self._clock = govern, keys, clock

    def governance(self, request: Request) -> Response:
        return json_answer(self._govern.governance(self._of(request), self._clock()))

    def in_force(self, request: Request) -> Response:
        return json_answer(self._govern.in_force(self._of(request), self._clock()))

    def release(self, request: Request, release: str) -> Response:
        return json_answer(self._govern.release(self._of(request), release, self._clock()))

    def switches(self, request: Request) -> Response:
        return json_answer(self._govern.switches(self._of(request), self._clock()))

    def log(self, request: Request) -> Response:
        name, after = self._of(request), request.args.get("after", "0")
        if not after.isdecimal() or len(after) > MOST_DIGITS:
            raise InvalidError("is the number of an entry", field="after")
        return json_answer(self._govern.log(name, int(after)))

    def verification(self, request: Request) -> Response:
        return json_answer(self._govern.verification(self._of(request), request.args.get("head", "")))

    def _of(self, request: Request) -> str:
        """The environment that a known caller asks about."""
        self._keys.caller(request)
        return _environment(request)


def _environment(request: Request) -> str:
    """The environment that a request is about."""
    name = request.args.get("environment", "live")
    if not _ENVIRONMENT.fullmatch(name):
        raise InvalidError("is no name such as live: small letters, digits and hyphens", field="environment")
    return name
