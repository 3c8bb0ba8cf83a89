"""What releases takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.releases.api import (
    Ended,
    Frozen,
    Noted,
    Promoted,
    Proposed,
    Reviewed,
    RolledBack,
    Share,
    Switched,
    Why,
)
from functions.releases.handler import AuditLog, Governance, Kept, SwitchesOff
from shared.domain.governance.audit import Verification
from shared.domain.governance.environment import Freeze
from shared.domain.governance.in_force import InForce
from shared.domain.governance.release import Release
from shared.domain.governance.switches import Switch
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

_ASKED = (400, 401, 503)
_COMMANDED = (400, 401, 403, 404, 409, 413, 415, 503)
_ENVIRONMENT = Parameter("environment", "Which environment; live where it is left out.")
_RELEASE = Parameter("release", "Its id.")


def _step(word: str, body: type, summary: str) -> Operation:
    """A step of a release."""
    return Operation(
        method="POST",
        path=f"/v1/releases/<release>/{word}",
        summary=summary,
        variables=(_RELEASE,),
        query=(_ENVIRONMENT,),
        body=(body,),
        answer=(200, "The release after it.", (Release,)),
        refusals=_COMMANDED,
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/v1/revisions",
        summary="Keep a built revision, in canonical form.",
        body=(dict[str, Any],),
        answer=(200, "It is kept, and decides nothing by that.", (Kept,)),
        refusals=(400, 401, 413, 415, 503),
    ),
    Operation(
        method="POST",
        path="/v1/releases",
        summary="Propose a revision.",
        query=(_ENVIRONMENT,),
        body=(Proposed,),
        answer=(200, "Its release; the one that is open already where there is one.", (Release,)),
        refusals=_COMMANDED,
    ),
    Operation(
        method="GET",
        path="/v1/releases",
        summary="What governs an environment: what is in force, its releases, open reviews and freezes.",
        query=(_ENVIRONMENT,),
        answer=(200, "It.", (Governance,)),
        refusals=_ASKED,
    ),
    Operation(
        method="GET",
        path="/v1/in-force",
        summary="What decides in an environment.",
        query=(_ENVIRONMENT,),
        answer=(200, "What is live, what is next, the canary, and what is off.", (InForce,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/releases/<release>",
        summary="One release.",
        variables=(_RELEASE,),
        query=(_ENVIRONMENT,),
        answer=(200, "It.", (Release,)),
        refusals=(400, 401, 404, 503),
    ),
    _step("check", Noted, "Note what the check of the catalogue came to."),
    _step("simulation", Noted, "Note what simulation came to, with its gates of fairness and cost."),
    _step("approve", Why, "Approve it, as somebody who is not its author."),
    _step("canary", Share, "Decide by it for 1, 5 or 25 per cent of persons."),
    _step("promote", Promoted, "Decide by it for everybody, at once or from an instant on."),
    _step("rollback", RolledBack, "End a canary, or decide by what was live before."),
    _step("withdraw", Why, "End one that decides nothing yet."),
    _step("emergency", Why, "Decide by it for everybody at once, to be reviewed afterwards."),
    _step("review", Reviewed, "Review an emergency, as somebody who did not make it."),
    Operation(
        method="POST",
        path="/v1/freezes",
        summary="Let nothing go canary or live for a while.",
        query=(_ENVIRONMENT,),
        body=(Frozen,),
        answer=(200, "The freeze.", (Freeze,)),
        refusals=_COMMANDED,
    ),
    Operation(
        method="POST",
        path="/v1/freezes/<freeze>/lift",
        summary="End a freeze early, as somebody who did not declare it.",
        variables=(Parameter("freeze", "Its id."),),
        query=(_ENVIRONMENT,),
        body=(Why,),
        answer=(200, "It is no more.", (Ended,)),
        refusals=_COMMANDED,
    ),
    Operation(
        method="POST",
        path="/v1/switches",
        summary="Switch an action, a brand or a channel off, or on again.",
        query=(_ENVIRONMENT,),
        body=(Switched,),
        answer=(200, "The switch, or that it is no more.", (Switch, Ended)),
        refusals=_COMMANDED,
    ),
    Operation(
        method="GET",
        path="/v1/switches",
        summary="What is switched off.",
        query=(_ENVIRONMENT,),
        answer=(200, "It.", (SwitchesOff,)),
        refusals=_ASKED,
    ),
    Operation(
        method="GET",
        path="/v1/audit",
        summary="The audit log, 500 entries at once.",
        query=(_ENVIRONMENT, Parameter("after", "The number of the last entry that is known.")),
        answer=(200, "Entries, by number.", (AuditLog,)),
        refusals=_ASKED,
    ),
    Operation(
        method="GET",
        path="/v1/audit/verification",
        summary="Compare the log with itself, with what is in force, and with a head that was noted earlier.",
        query=(_ENVIRONMENT, Parameter("head", "A head that was noted earlier, such as 12:9f0c…")),
        answer=(200, "What was found.", (Verification,)),
        refusals=_ASKED,
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of releases."""
    return openapi.document("releases", "Which revision decides, what is off, and who said so.", OPERATIONS)
