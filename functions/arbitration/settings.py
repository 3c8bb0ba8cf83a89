"""The environment of arbitration."""

from __future__ import annotations

import msgspec

from shared.runtime.settings import Pushed


class Settings(Pushed, frozen=True, kw_only=True):
    """What every function that is pushed to needs, and who may be asked for P.

    Attributes:
        scoring_hosts: JSON of the hosts of estimators that may serve, `["europe-west2-aiplatform.googleapis.com"]`.
        stand_ins: JSON of such a host to what stands in for it.
    """

    scoring_hosts: tuple[str, ...] = ()
    stand_ins: dict[str, str] = msgspec.field(default_factory=dict)
