"""What a catalogue says of its own changes: what must hold of everything that is offered, how far figures may move
before a change is live, and by what a canary is stopped.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from shared.domain.part import Cel, Id, Part, Pounds, Share, Span, Text
from shared.domain.rules import Scope

_Times = Annotated[float, Meta(ge=1, le=100)]
_Persons = Annotated[int, Meta(ge=1)]
CANARY_SHARES = (1, 5, 25)
"""Of persons, in per cent."""


class Prohibition(Part, frozen=True, kw_only=True):
    """What must hold of every person who is offered something of a scope, whatever conditions let through.

    Attributes:
        id: what findings call it.
        scope: of what; of everything where it is empty.
        must: what has to be true of the person.
        after: whom it is asked of: `policy`, everybody who qualifies for something in scope; `arbitration`, only who is
            given it, where contact policy is what keeps it from others.
        on_missing: whether it is broken where it reads what is not known.
        reason: why.
    """

    id: Id
    scope: Scope = Scope()
    must: Cel
    after: Literal["policy", "arbitration"] = "policy"
    on_missing: Literal["break", "allow"] = "break"
    reason: Text


class Guards(Part, frozen=True, kw_only=True):
    """By what a canary is stopped: how many times as many of its persons, of as many, may have met with something as of
    those who are decided for as before. A guard that is left out watches nothing.

    Attributes:
        failures: a delivery that failed.
        slow: an answer that took longer than `slow_ms`.
        slow_ms: how long an answer may take, in milliseconds.
        no_action: a decision that chose nothing.
        complaints: a complaint, an unsubscription or an objection.
        lost: the persons who are decided for at all, of as many as the share of the canary makes expect; fewer are
            decisions that do not come to an end.
        off_policy: share of the value of what is chosen now that the change may be worth less, from logged decisions.
    """

    failures: _Times | None = None
    slow: _Times | None = None
    slow_ms: Annotated[int, Meta(ge=1)] = 500
    no_action: _Times | None = None
    complaints: _Times | None = None
    lost: _Times | None = None
    off_policy: Share | None = None


class CanaryStep(Part, frozen=True, kw_only=True):
    """How long a canary of a share is looked at.

    Attributes:
        share: one of `CANARY_SHARES`.
        at_least: before it goes on.
        at_most: after which it ends, if too few persons were decided for until then.
        fewest: persons of the canary that must have been decided for.
    """

    share: int
    at_least: Span = "4h"
    at_most: Span = "7d"
    fewest: _Persons = 200


class Gates(Part, frozen=True, kw_only=True):
    """What a change has to pass before it is live. What is left out is not asked.

    Attributes:
        fewest: persons of which a simulation must be, and of which one figure must be to be held against a limit.
        most_cost_per_thousand: pounds that the contacts of a thousand decisions may cost.
        most_no_action_rise: by which the share of decisions that choose nothing may rise.
        most_volume_change: share by which the contacts of a channel may become more or fewer; of some channels
            another is declared in `volume_change`.
        volume_change: of those, by channel.
        most_value_fall: share of the value that logged decisions had which the change may cost, as far as their support
            carries.
        prohibitions: by id.
        guards: of the canary.
        canary: its steps, by share.
    """

    fewest: _Persons = 1
    most_cost_per_thousand: Pounds | None = None
    most_no_action_rise: Share | None = None
    most_volume_change: Pounds | None = None
    volume_change: dict[Id, Pounds] = msgspec.field(default_factory=dict)
    most_value_fall: Share | None = None
    prohibitions: tuple[Prohibition, ...] = ()
    guards: Guards = Guards()
    canary: tuple[CanaryStep, ...] = ()
