"""Audiences as a revision holds them: their SQL bounded, their parameters and channels those that there are."""

from __future__ import annotations

import re

import msgspec

from shared.authoring import forms
from shared.authoring.names import Names, by_id
from shared.domain.catalogue import Audience

HISTORY = "{history}"
_BOUNDS = (
    re.compile(r"\boccurred_at\s*>=\s*@since\b", re.IGNORECASE),
    re.compile(r"\boccurred_at\s*<\s*@until\b", re.IGNORECASE),
)
_SAID = ("occurred_at >= @since", "occurred_at < @until")
_ASIDE = re.compile(r"--[^\n]*|#[^\n]*|/\*.*?\*/|'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
_QUERY = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_PARAMETER = re.compile(r"@([A-Za-z_]\w*)")


def build_audiences(file: forms.Audiences, channels: forms.Channels, names: Names) -> tuple[Audience, ...]:
    """The audiences by their ids."""
    names.unique(file.audiences, "audience")
    inbound = {channel.id for channel in channels.channels if channel.direction == "inbound"}
    for audience in file.audiences:
        _check_sql(audience, names)
        for channel, volume in audience.volumes.items():
            names.refers("channel", channel, audience, "volumes", channel)
            place = names.place(audience, "volumes", channel)
            if channel in inbound:
                names.problems.add(place, f"{channel} is inbound, and a wave sends nothing on it")
            if volume.most is not None and volume.least > volume.most:
                names.problems.add(place, f"least {volume.least} is more than most {volume.most}")
    return tuple(
        msgspec.structs.replace(
            each, parameters=dict(sorted(each.parameters.items())), volumes=dict(sorted(each.volumes.items()))
        )
        for each in by_id(file.audiences)
    )


def _check_sql(audience: Audience, names: Names) -> None:
    place = names.place(audience, "sql")
    sql = _ASIDE.sub("''", audience.sql)
    if not _QUERY.match(sql) or ";" in sql:
        names.problems.add(place, "is one query, which begins with SELECT or WITH")
    tables = sql.count(HISTORY)
    if not tables:
        names.problems.add(place, f"reads no {HISTORY}")
    for bound, said in zip(_BOUNDS, _SAID, strict=True):
        if len(bound.findall(sql)) < tables:
            names.problems.add(place, f"each {HISTORY} is bounded by {said}")
    read = set(_PARAMETER.findall(sql)) - {"since", "until"}
    for name in sorted(read - audience.parameters.keys()):
        names.problems.add(place, f"@{name} is no parameter", wrote=name, known=audience.parameters)
    for name in audience.parameters:
        if name in ("since", "until"):
            names.problems.add(names.place(audience, "parameters", name), f"every audience has its {name}")
        elif name not in read:
            names.problems.add(names.place(audience, "parameters", name), f"the SQL reads no @{name}")
