"""What records takes and gives, as OpenAPI has it."""

from __future__ import annotations

from functools import cache
from typing import Any

from functions.records.associating import Associated
from functions.records.challenging import Challenged
from functions.records.changing import WorthOfChange
from functions.records.evaluating import OffPolicy
from functions.records.handler import DayCounted, DayReplayed, DaySealed
from functions.records.kept import Measured, Names, Noted
from functions.records.learning import Challengers, Days, Declared, Kept, Learnt
from functions.records.measuring_api import Exported
from functions.records.weighing import DayWeighed
from shared.domain.estimators import Endpoint, Linear, Trees
from shared.domain.measuring.report import Report
from shared.domain.measuring.uplift import Uplifts
from shared.domain.monitoring import Snapshot
from shared.domain.releasing.guards import Look, Watched
from shared.domain.seal import Verification
from shared.runtime import openapi
from shared.runtime.openapi import Operation, Parameter

_DAY = (Parameter("day", "Such as 2026-03-01, or `yesterday`, UTC."),)
_NAME = (Parameter("name", "Its name."),)
_TIME = (Parameter("name", "A day, such as 2026-03-01 or `yesterday`, or a month, such as 2026-03, UTC."),)
_PERIOD = (
    Parameter("from", "The first day, UTC; by default 27 days before the last."),
    Parameter("to", "The last day, UTC; by default today."),
)
_REFUSALS = (400, 401, 503)

_ROWS = (200, "The rows.", (Exported,))

OPERATIONS = (
    Operation(
        method="GET",
        path="/v1/exports/models",
        summary="Snapshots of the models of the live revision, as pdstools reads them.",
        answer=_ROWS,
        refusals=(401, 503),
    ),
    Operation(
        method="GET",
        path="/v1/exports/predictors",
        summary="Their predictors, bin by bin.",
        answer=_ROWS,
        refusals=(401, 503),
    ),
    Operation(
        method="GET",
        path="/v1/exports/interactions/<day>",
        summary="What became of treatments on a day.",
        variables=_DAY,
        answer=_ROWS,
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/exports/decisions/<day>",
        summary="Where each treatment ended that a day's decisions might have given.",
        variables=_DAY,
        query=(Parameter("prefix", "Only of those decisions whose ids begin so."),),
        answer=_ROWS,
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/exports/records/<day>",
        summary="The records of a day's decisions, as they are kept.",
        variables=_DAY,
        query=(Parameter("prefix", "Only of those decisions whose ids begin so."),),
        answer=_ROWS,
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/measures",
        summary="Compare next best action with every arm of an experiment.",
        query=(Parameter("experiment", "Its id; by default `standing`."), *_PERIOD),
        answer=(200, "Persons by arm, and each comparison by channel and issue.", (Report,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/measures/uplift",
        summary="Say what each action did that was held back from anybody.",
        query=_PERIOD,
        answer=(200, "Each action with both its sides.", (Uplifts,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/measures/off-policy",
        summary="Say what another way of ranking would have come to, or why that cannot be said.",
        query=(Parameter("ranks_by", "`priority`, the default, `propensity` or `no_levers`."), *_PERIOD),
        answer=(200, "Estimates with their intervals, and how far what was logged carries.", (OffPolicy,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/measures/change",
        summary="Say what another revision would have come to, or why that cannot be said.",
        query=(Parameter("revision", "Its id, sha256:…."), *_PERIOD),
        answer=(200, "The difference with its interval, and how far what was logged carries.", (WorthOfChange,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/gates/value",
        summary="Say whether a change would cost too much of what logged decisions were worth.",
        query=(Parameter("revision", "What is to come."), Parameter("live", "What is live.")),
        answer=(200, "What was found; `tripped` where the gate is not passed.", (Watched,)),
        refusals=(401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/guards",
        summary="Say whether a canary goes on, waits or is stopped.",
        query=(
            Parameter("revision", "Of the canary."),
            Parameter("live", "Of all other persons."),
            Parameter("share", "Its share of persons, in per cent: 1, 5 or 25."),
            Parameter("since", "When it was given that share."),
            Parameter("now", "When it is looked at; by default now."),
        ),
        answer=(200, "What each guard sees, and what follows.", (Look,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/models",
        summary="What the adaptive models know now.",
        answer=(200, "Their counts, by model.", (Snapshot,)),
        refusals=(401, 503),
    ),
    Operation(
        method="GET",
        path="/v1/revisions/<name>",
        summary="A revision of the catalogue.",
        variables=(Parameter("name", "`live`, or an id such as sha256:…."),),
        answer=(200, "Its canonical form.", (dict,)),
        refusals=(401, 404, 503),
    ),
    Operation(
        method="POST",
        path="/v1/challenges",
        summary="Hold an estimator from outside against the models, on what came of the decisions of a period.",
        query=(*_PERIOD, Parameter("prefix", "Only of those decisions whose ids begin so.")),
        body=(Linear, Trees, Endpoint),
        answer=(200, "How both tell, and whether that is decided.", (Challenged,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/weighing",
        summary="Tell the history how probable the choices of a day were.",
        variables=_DAY,
        query=(Parameter("prefix", "Only those whose ids begin so."),),
        answer=(200, "Of how many it is told.", (DayWeighed,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="GET",
        path="/v1/days/<day>",
        summary="How many decisions a day has.",
        variables=_DAY,
        answer=(200, "Their number.", (DayCounted,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/seals",
        summary="Seal what no seal of the day has yet.",
        variables=_DAY,
        answer=(200, "The seal, none where nothing waited for one.", (DaySealed,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/verification",
        summary="Compare a day with its seals.",
        variables=_DAY,
        answer=(200, "What was found.", (Verification,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/replay",
        summary="Make the decisions of a day again, and compare.",
        variables=_DAY,
        query=(Parameter("prefix", "Only those whose ids begin so."),),
        answer=(200, "How many were made again, and those that differ.", (DayReplayed,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/challengers",
        summary="Have an estimator from outside be held against the models every night.",
        body=(Linear, Trees, Endpoint),
        answer=(200, "Its name.", (Declared,)),
        refusals=(400, 401, 413, 415, 503),
    ),
    Operation(
        method="GET",
        path="/v1/challengers",
        summary="Those that are.",
        answer=(200, "Their names.", (Challengers,)),
        refusals=(401, 503),
    ),
    Operation(
        method="DELETE",
        path="/v1/challengers/<name>",
        summary="Hold one against them no more.",
        variables=_NAME,
        answer=(200, "Its name.", (Declared,)),
        refusals=(401, 503),
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/snapshot",
        summary="Keep what the models know as what they knew after a day.",
        variables=_DAY,
        answer=(200, "How many models that are.", (Kept,)),
        refusals=_REFUSALS,
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/pairs",
        summary="Count pairs of predictors of a day, and have models heed which say much the same.",
        variables=_DAY,
        answer=(200, "How many decisions were counted, of four weeks, and the groups.", (Associated,)),
        refusals=(400, 401, 503),
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/challenges/<name>",
        summary="Hold one of them against the models on four weeks of decisions, and keep how it did.",
        variables=(*_DAY, *_NAME),
        answer=(200, "How both tell, and whether that is decided.", (Challenged,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="POST",
        path="/v1/days/<day>/learning",
        summary="Say what is wrong with the models of a day and who may take their place, and keep it.",
        variables=_DAY,
        answer=(200, "Alerts, evidence and proposals.", (Learnt,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/learning",
        summary="The days of which it is kept what was learnt.",
        answer=(200, "They, the latest first.", (Days,)),
        refusals=(401, 503),
    ),
    Operation(
        method="GET",
        path="/v1/learning/<day>",
        summary="What was learnt on a day.",
        variables=_DAY,
        answer=(200, "Alerts, evidence and proposals.", (Learnt,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="POST",
        path="/v1/measures/kept/<name>",
        summary="Measure what a day's four weeks, or a month, came to, and keep it.",
        variables=_TIME,
        query=(Parameter("experiment", "Whose arms are compared; by default `standing`."),),
        answer=(200, "Its name, and the problem where nothing is compared.", (Noted,)),
        refusals=(400, 401, 404, 503),
    ),
    Operation(
        method="GET",
        path="/v1/measures/kept",
        summary="The times that were measured.",
        answer=(200, "Their names, the latest first.", (Names,)),
        refusals=(401, 503),
    ),
    Operation(
        method="GET",
        path="/v1/measures/kept/<name>",
        summary="What one of them came to when it was measured last.",
        variables=_TIME,
        answer=(200, "What it came to.", (Measured,)),
        refusals=(400, 401, 404, 503),
    ),
)


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of records."""
    return openapi.document(
        "records", "Days of the history: sealed, verified, replayed; and what it comes to, measured.", OPERATIONS
    )
