"""Learning, night by night: what the models know is kept, watched, and held against whoever would take their place.

Each step may be done again: what it works out takes the place of what it had before.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import msgspec

from functions.records.challenging import EVERYTHING, Challenge, Challenged
from shared.domain.challenge import Held
from shared.domain.errors import InvalidError, NotFoundError
from shared.domain.estimators import FromOutside, read
from shared.domain.grouping import groups_of
from shared.domain.monitoring import Alert, Snapshot, outside, report
from shared.domain.propensity import ASSOCIATED
from shared.domain.ready import ready
from shared.domain.rules import Scope
from shared.ports import Catalogues, Models, Reports

SHADOWED = timedelta(days=28)
"""The time whose decisions a challenger is held against."""

APART = timedelta(days=7)
"""Between a day and the one that it is compared with, so that both have the same weekdays behind them."""

MOST_ALERTS = 200

_ADDRESSED = re.compile(r"\w[\w .-]*")


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """An estimator from outside that is held against the models every night."""

    challenger: str


class Challengers(msgspec.Struct, frozen=True, kw_only=True):
    """Those that are."""

    challengers: tuple[str, ...]


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot that is kept: how many models it has."""

    day: date
    models: int


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody may take the models' place, or the models that of somebody who serves: by a change of the
    catalogue, which people approve.

    Attributes:
        does: what the change would do to the challenger.
    """

    challenger: str
    says: str
    does: Literal["promote", "demote"] = "promote"


class Learnt(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of the models of a day.

    Attributes:
        revision: whose models.
        models: how many.
        alerts: what is wrong with them, the worst first.
        shadow: how the challenger that the catalogue declares did on all decisions; None without one.
        challengers: how those from outside did.
        proposals: who told better than the models, for certain; and who serves and tells worse.
        alike: groups of predictors of which models listen to the best alone.
    """

    day: date
    revision: str
    models: int
    alerts: tuple[Alert, ...]
    shadow: Held | None
    challengers: tuple[Challenged, ...]
    proposals: tuple[Proposal, ...]
    alike: tuple[tuple[str, ...], ...] = ()


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """The days of which it is kept what was learnt, the latest first."""

    days: tuple[str, ...]


class Learn:
    """The use cases over their ports."""

    def __init__(self, reports: Reports, models: Models, catalogues: Catalogues, challenge: Challenge) -> None:
        """Keep in `reports` what `models` know and how a `challenge` came out, by the live one of `catalogues`."""
        self._reports = reports
        self._models = models
        self._catalogues = catalogues
        self._challenge = challenge

    def declare(self, data: bytes) -> Declared:
        """Have an estimator from outside be held against the models every night.

        Raises:
            InvalidError: it is none, or one whose name no address can hold.
        """
        challenger = read(data)
        if not _ADDRESSED.fullmatch(challenger.name):
            raise InvalidError("is of letters, digits, spaces, dots, _ and -, and begins with no dot", field="name")
        self._reports.put("challengers", challenger.name, msgspec.json.encode(challenger))
        return Declared(challenger=challenger.name)

    def withdraw(self, name: str) -> Declared:
        """Hold it against them no more."""
        self._reports.remove("challengers", name)
        return Declared(challenger=name)

    def challengers(self) -> Challengers:
        """Those that are, and those of the live catalogue, whether they serve or not."""
        return Challengers(challengers=tuple(self._names()))

    def snapshot(self, day: date, now: datetime) -> Kept:
        """Keep what the models know as what they knew after a day; once kept it stays."""
        known = self._snapshot(day)
        if known is None:
            known = Snapshot(taken_at=now.timestamp(), counts=dict(self._models.counts()))
            self._reports.put("models", str(day), msgspec.json.encode(known), now)
        return Kept(day=day, models=len(known.counts.keys() - {ASSOCIATED}))

    def challenge(self, name: str, day: date, now: datetime) -> Challenged:
        """Hold a challenger against the models on the decisions of four weeks, those it was trained with left out.

        Raises:
            InvalidError: it was trained with all of them, or reads what is no predictor any more.
            NotFoundError: none of this name is declared.
            TransientError: the history did not answer.
        """
        challenger, scope = self._declared(name)
        until = datetime.combine(day, time(), UTC) + timedelta(days=1)
        since = max(until - SHADOWED, datetime.combine(challenger.trained_until, time(), UTC) + timedelta(days=1))
        if since >= until:
            raise InvalidError(f"was trained until {challenger.trained_until}, and is held against what came later")
        found = self._challenge(challenger, since, until, now, scope=scope)
        self._reports.put("evidence", f"{day} {name}", msgspec.json.encode(found), now)
        return found

    def learn(self, day: date, now: datetime) -> Learnt:
        """Say what is wrong with the models, how challengers did, and who may take their place.

        Raises:
            NotFoundError: no snapshot is kept of the day.
        """
        snapshot = self._snapshot(day)
        if snapshot is None:
            raise NotFoundError(f"no snapshot of the models is kept of {day}")
        policy = self._catalogues.current()
        before, older = (self._snapshot(day - APART * weeks) for weeks in (1, 2))
        found = report(policy.revision, snapshot, before, older)
        challenged = tuple(self._evidence(day))
        alerts = [*found.alerts, *(alert for each in found.models for alert in each.alerts)]
        alerts += (alert for each in challenged for alert in _falling_back(each))
        alerts.sort(key=lambda alert: alert.severity != "alarm")
        learnt = Learnt(
            day=day,
            revision=policy.revision.id,
            models=len(found.models),
            alerts=tuple(alerts[:MOST_ALERTS]),
            shadow=found.challenger,
            challengers=challenged,
            proposals=tuple(_proposals(found.challenger, challenged, self._serving())),
            alike=groups_of(policy.revision, self._models.counts()),
        )
        self._reports.put("learning", str(day), msgspec.json.encode(learnt), now)
        return learnt

    def learnt(self, day: date) -> Learnt:
        """What was learnt on a day.

        Raises:
            NotFoundError: nothing is kept of it.
        """
        data = self._reports.get("learning", str(day))
        if data is None:
            raise NotFoundError(f"nothing is kept of what was learnt on {day}")
        return msgspec.json.decode(data, type=ready(Learnt))

    def days(self) -> Days:
        """The days of which it is kept."""
        return Days(days=tuple(self._reports.names("learning")))

    def _snapshot(self, day: date) -> Snapshot | None:
        data = self._reports.get("models", str(day))
        return None if data is None else msgspec.json.decode(data, type=ready(Snapshot))

    def _declared(self, name: str) -> tuple[FromOutside, Scope]:
        """A challenger, and the treatments that it is held against the models for; what the catalogue says counts."""
        for each in self._catalogues.current().revision.catalogue.estimators:
            if each.name == name:
                return read(bytes(each.estimator)), each.scope
        data = self._reports.get("challengers", name)
        if data is None:
            raise NotFoundError(f"there is no challenger {name}")
        return read(data), EVERYTHING

    def _names(self) -> list[str]:
        declared = self._catalogues.current().revision.catalogue.estimators
        return sorted({*self._reports.names("challengers"), *(each.name for each in declared)}, reverse=True)

    def _serving(self) -> frozenset[str]:
        return frozenset(each.name for each, _ in self._catalogues.current().serving)

    def _evidence(self, day: date) -> list[Challenged]:
        """How each of the challengers there are did on a day, where that is kept."""
        found = []
        for name in self._names():
            data = self._reports.get("evidence", f"{day} {name}")
            if data is not None:
                found.append(msgspec.json.decode(data, type=ready(Challenged)))
        return found


def _falling_back(each: Challenged) -> list[Alert]:
    """That an estimator that serves often does not answer in time."""
    asked = each.served + each.fell_back
    return outside(each.challenger, "fell_back_share", each.fell_back / asked) if asked else []


def _proposals(shadow: Held | None, challenged: tuple[Challenged, ...], serving: frozenset[str]) -> list[Proposal]:
    proposals = []
    if shadow is not None and shadow.verdict == "better":
        said = f"AUC {shadow.challenger_auc:.3f} against {shadow.auc:.3f} on the same decisions"
        proposals.append(Proposal(challenger="the catalogue's own", says=said))
    for each in challenged:
        gain = each.compared.gain
        if gain is None:
            continue
        if each.compared.verdict == "better" and each.challenger not in serving:
            said = f"its logarithmic loss is less by {gain[0]:.5f} ({gain[1]:.5f} to {gain[2]:.5f})"
            proposals.append(Proposal(challenger=each.challenger, says=said))
        elif each.compared.verdict == "worse" and each.challenger in serving:
            said = f"its logarithmic loss is more by {-gain[0]:.5f} ({-gain[2]:.5f} to {-gain[1]:.5f})"
            proposals.append(Proposal(challenger=each.challenger, says=said, does="demote"))
    return proposals
