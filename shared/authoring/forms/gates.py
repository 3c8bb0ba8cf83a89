"""gates.yaml: what a change of the catalogue has to pass before it is live, and by what its canary is stopped."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from shared.authoring.forms.form import Form
from shared.domain.catalogue import CanaryStep, Guards, Prohibition
from shared.domain.part import Id, Pounds, Share


class Gates(Form, frozen=True, kw_only=True):
    """gates.yaml.

    Attributes:
        fewest: persons of which a simulation must be, and of which one figure must be to be held against a limit.
        most_cost_per_thousand: pounds that the contacts of a thousand decisions may cost.
        most_no_action_rise: by which the share of decisions that choose nothing may rise.
        most_volume_change: share by which the contacts of a channel may become more or fewer.
        volume_change: another of some channels.
        most_value_fall: share of the value that logged decisions had which the change may cost.
        prohibitions: what must hold of everybody who is offered something.
        guards: by which a canary is stopped.
        canary: its steps.
    """

    fewest: Annotated[int, Meta(ge=1)] = 1
    most_cost_per_thousand: Pounds | None = None
    most_no_action_rise: Share | None = None
    most_volume_change: Pounds | None = None
    volume_change: dict[Id, Pounds] = msgspec.field(default_factory=dict)
    most_value_fall: Share | None = None
    prohibitions: tuple[Prohibition, ...] = ()
    guards: Guards = Guards()
    canary: tuple[CanaryStep, ...] = ()
