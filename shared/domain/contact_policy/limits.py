"""What contact policy says of one person at one moment: the rows that each rule stops, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from shared.domain.catalogue import Action, Treatment, facts
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_policy.compiled import ContactRules, apart_of
from shared.domain.contact_policy.ledger import NOTHING_CLOSED, Closed, Deferred, Withheld
from shared.domain.contact_policy.quiet import allowed_from
from shared.domain.contact_policy.reaching import CHOSEN, beyond, contact_of
from shared.domain.contact_policy.tallies import NEVER, Stop, Tally, rests_until, times_of
from shared.domain.contact_policy.windows import leaves
from shared.domain.governance.switches import NOTHING_OFF, SwitchedOff, stopping
from shared.domain.policy.rows import EVERY, Rows
from shared.domain.profile import Profile
from shared.domain.rules import Budget, Cap, Cooldown, Holdout, Rule, Volume
from shared.domain.signal import digest_of

_SWITCHED = -1
"""Stands before the rules, as the number of what is switched off."""


class Limits:
    """The rules for one person, with a history that may grow by what is chosen.

    Attributes:
        stopped: the rows that any rule stops.
    """

    def __init__(
        self,
        rules: ContactRules,
        profile: Profile,
        history: ContactHistory,
        now: datetime,
        closed: Mapping[str, Closed] = NOTHING_CLOSED,
        *,
        off: Sequence[SwitchedOff] = NOTHING_OFF,
        holds_out: bool = True,
        among: Rows = EVERY,
    ) -> None:
        """Ask every rule.

        Args:
            rules: compiled.
            profile: the person's consents, flags, time zone and preferences.
            history: the person's contacts.
            now: the time of the reservation, UTC.
            closed: volumes and budgets, by the rule's id, of which too little is left.
            off: what is switched off.
            holds_out: whether holdouts count.
            among: the rows that are asked about, where that is not all of them.
        """
        self._rules = rules
        self._among = among
        self._holds_out = holds_out
        self._profile = profile
        self._now = now
        self._closed = {rule: each for rule, each in closed.items() if now < each.opens_at}
        self._beside = [each for key, each in history.contacts.items() if key.startswith(CHOSEN)] if closed else []
        self._zone = rules.zone_of(profile)
        self._limits = rules.limits
        if rules.preferences:
            self._limits = rules.limits | {number: limit_of(cap, profile) for number, cap in rules.preferences}
        self._standing: dict[int, Rows] = {}
        self._off = off
        if off:
            self._standing[_SWITCHED] = rules.switched(off)
        self._stand()
        asked = rules.asked(history, now)
        self._times = times_of(asked, rules.since(now, self._zone)) if asked else {}
        self._add_up()

    def copy(self) -> Limits:
        """The same, for another history to grow from here."""
        other = Limits.__new__(Limits)
        other.__dict__.update(
            self.__dict__,
            _beside=self._beside.copy(),
            _standing=self._standing.copy(),
            _stops=self._stops.copy(),
            _times=self._times.copy(),
            _why={},
        )
        return other

    def add(self, row: int) -> None:
        """Count what is chosen with the contacts of the history, as if it were sent, or on an inbound channel seen."""
        rules, now, times = self._rules, self._now, self._times
        added = rules.chosen(row)
        self._why.clear()
        for tally in added:
            times[tally] = [*times.get(tally, ()), now]  # another list, since a copy has the same ones
        if self._closed:
            self._beside.append(contact_of(rules.revision, rules.rows[row][1].id, now))
            self._close()
        if self._closed or not rules.only_tightens:  # what is counted against a cooldown may end it
            self._add_up()
            return
        for tally in added:
            if self._stops_at(tally):
                self._stops[tally.number] = self._stops.get(tally.number, 0) | tally.rows
                self._hard |= tally.rows
        self.stopped |= self._hard

    def _stand(self) -> None:
        """Note what is stopped whatever was counted."""
        rules, profile, standing, among = self._rules, self._profile, self._standing, self._among
        consented = rules.consented(profile.consents, among) if rules.consents else 0
        for number in rules.consents:
            standing[number] = rules.judged[number] & ~consented
        for number, exclusion in rules.exclusions:
            if exclusion.flag in profile.flags:
                standing[number] = rules.judged[number]
        for number, holdout in rules.holdouts if self._holds_out else ():
            if held_out(holdout, profile.person_id):
                standing[number] = rules.judged[number]
        for number, quiet in rules.quiet.items():
            if rules.judged[number] & among and quiet.end(self._now, self._zone) is not None:
                standing[number] = rules.judged[number]
        if 0 in self._limits.values():
            standing.update({n: rules.judged[n] for n, limit in self._limits.items() if not limit})
        self._close()

    def _close(self) -> None:
        """Note what too little is left for."""
        for number, rule in self._rules.allowances if self._closed else ():
            known = self._closed.get(rule.id)
            self._standing[number] = beyond(self._rules, number, known, self._beside) if known is not None else 0

    def _add_up(self) -> None:
        self._stops = self._standing.copy()
        self._why: dict[tuple[int, str | None], Stop] = {}
        for tally in self._times:
            if tally.rows and self._stops_at(tally):
                self._stops[tally.number] = self._stops.get(tally.number, 0) | tally.rows
        self._hard: Rows = 0
        self._quiet: Rows = 0
        for number, rows in self._stops.items():
            if number in self._rules.quiet:
                self._quiet |= rows
            else:
                self._hard |= rows
        self.stopped: Rows = self._hard | self._quiet

    def _stops_at(self, tally: Tally) -> bool:
        """Whether what was counted is too much for now."""
        limit = self._limits.get(tally.number)
        return len(self._times[tally]) >= limit if limit is not None else self._rests(tally)

    def _rests(self, tally: Tally) -> bool:
        if tally.plain:
            return True  # what began its period is no longer ago than that
        until = self._rests_until(tally)
        return until is not None and self._now < until

    def _rests_until(self, tally: Tally) -> datetime | None:
        assert isinstance(tally.rule, Cooldown)
        against = self._times.get(tally.against, ()) if tally.against is not None else ()
        return rests_until(tally.rule, self._times[tally], against)

    def by_rule(self) -> Mapping[int, Rows]:
        """The rows that each rule stops, by its number in the catalogue's order."""
        return self._stops

    def stop(self, row: int) -> Withheld | None:
        """The first rule, in the catalogue's order, that stops a row, and why; None where all let it through."""
        for number, rows in sorted(self._stops.items()):
            if rows >> row & 1:
                action, treatment = self._rules.rows[row]
                if number == _SWITCHED:
                    return switched(self._off, action, treatment)
                rule = self._rules.rules[number]
                apart = apart_of(rule) if isinstance(rule, Cap | Cooldown) else None
                value = facts(action, treatment)[apart] if apart else None
                why = self._why.get((number, value))
                if why is None:
                    why = self._why[number, value] = self._explained(number, rule, value)
                counted, limit, allowed_at = why
                kind = str(rule.__struct_config__.tag)
                return Withheld(
                    treatment=treatment.id, rule=rule.id, kind=kind, count=counted, limit=limit, allowed_at=allowed_at
                )
        return None

    def _explained(self, number: int, rule: Rule, value: str | None) -> Stop:
        match rule:
            case Cap():
                limit, times = self._limits[number], sorted(self._times.get(self._rules.tally(number, value), ()))
                frees = leaves(rule, times[len(times) - limit], self._zone) if limit else None
                return Stop(len(times), limit, frees)
            case Cooldown():
                until = self._rests_until(self._rules.tally(number, value))
                return Stop(allowed_at=None if timedelta(seconds=rule.period_seconds) >= NEVER else until)
            case Volume() | Budget():
                full = self._closed[rule.id]
                return Stop(full.count, rule.limit if isinstance(rule, Volume) else None, full.opens_at)
            case _ if number in self._rules.quiet:
                return Stop(allowed_at=allowed_from([self._rules.quiet[number]], self._now, self._zone))
            case _:
                return Stop()

    def deferred(self, row: int, since: datetime) -> Deferred | None:
        """How long a row may wait that nothing but quiet hours stops; None where it may not, or something else stops
        it too.

        It waits for the first instant at which no quiet hours hold for it, if each rule that is quiet now lets it wait
        as long since it was decided first.
        """
        if self._hard >> row & 1 or not self._quiet >> row & 1:
            return None
        asked = {number: each for number, each in self._rules.quiet.items() if self._rules.judged[number] >> row & 1}
        stopping = [each.rule for number, each in asked.items() if self._stops.get(number, 0) >> row & 1]
        until = allowed_from(asked.values(), self._now, self._zone)
        longest = timedelta(seconds=min(rule.max_defer_seconds for rule in stopping))
        if until is None or until - since > longest:
            return None
        return Deferred(treatment=self._rules.rows[row][1].id, rule=stopping[0].id, until=until)


def switched(off: Sequence[SwitchedOff], action: Action, treatment: Treatment) -> Withheld | None:
    """That a treatment, its action, brand or channel is switched off; None where it is not."""
    found = stopping(off, action=action.id, brand=action.brand, channel=treatment.channel)
    return Withheld(treatment=treatment.id, rule=found.name, kind="switch") if found is not None else None


def limit_of(cap: Cap, profile: Profile) -> int:
    """The limit of a cap for a person: their own where that is lower; what is no whole number of contacts is none."""
    if cap.preference is None:
        return cap.limit
    own = profile.attributes.get(cap.preference)
    return min(cap.limit, own) if own.__class__ is int and own >= 0 else cap.limit


def held_out(rule: Holdout, person_id: str) -> bool:
    """Whether a person is held out: the same person always is, and each rule draws apart from the others."""
    return int(digest_of(person_id, "holdout", rule.id)[:13], 16) < rule.share * 16**13
