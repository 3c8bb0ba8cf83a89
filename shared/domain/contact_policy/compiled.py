"""The rules of a revision against the rows of its policy: what each judges, and what it counts of a contact.

A contact is looked up by what it is of, all of it at once; what was looked up says for each outcome which tallies it
is counted in. So one pass over the contacts is all that a decision needs, whatever the number of rules and candidates.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from shared.domain.catalogue import Action, Revision, Treatment, facts
from shared.domain.consent import ANY, Consent, weighed
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_past import FACTS, Folded, facts_of
from shared.domain.contact_policy.quiet import Quiet
from shared.domain.contact_policy.tallies import Asked, Counted, Tally
from shared.domain.contact_policy.windows import INSTANT, period, reach
from shared.domain.governance.switches import SwitchedOff
from shared.domain.outcome import OutcomeName
from shared.domain.policy.rows import EVERY, Rows
from shared.domain.policy.scopes import Scopes
from shared.domain.profile import Profile
from shared.domain.rules import (
    Budget,
    CalendarUnit,
    Cap,
    ConsentRule,
    Cooldown,
    Dimension,
    ExclusionRule,
    Holdout,
    QuietHours,
    Rule,
    Scope,
    Volume,
    in_scope,
)
from shared.domain.zones import zone

_TAKEN_AS_SENT = frozenset({"reserved", "sending"})
"""States in which a contact that counts is taken as sent when it was reserved."""

_MOST_SLOTS = 64
"""Sets of rows of which it is at hand which consents match them."""


class ContactRules:
    """The compiled form of a revision's rules. Each is known by its number in the catalogue's order.

    Attributes:
        rules: in that order.
        rows: every treatment with its action.
        judged: the rows that each judges.
        counting: caps and cooldowns.
        caps: those of them that are caps.
        limits: of each of these, what it allows.
        preferences: those of them of which a person may want less.
        rolling: how far back each counts that counts from now.
        calendars: of caps on a calendar, its unit.
        quiet: the rules of quiet hours.
        consents: the numbers of those that ask for consent.
        exclusions, holdouts, allowances: those that exclude, hold out, and limit what all persons have together.
        only_tightens: whether one contact more never lets through what was stopped without it.
    """

    def __init__(self, revision: Revision, rows: Sequence[tuple[Action, Treatment]], scopes: Scopes) -> None:
        """Work out which rows each rule is about."""
        self.revision = revision
        self.rows = rows
        self.rules = revision.catalogue.rules
        self.scopes = scopes
        self.judged = tuple(self._judged(rule) for rule in self.rules)
        judging = [(number, rule) for number, rule in enumerate(self.rules) if self.judged[number]]
        self.counting = tuple((n, rule) for n, rule in enumerate(self.rules) if isinstance(rule, Cap | Cooldown))
        self.caps = tuple((number, rule) for number, rule in self.counting if isinstance(rule, Cap))
        self.limits = {number: cap.limit for number, cap in self.caps}
        self.preferences = tuple((number, cap) for number, cap in self.caps if cap.preference is not None)
        self.rolling = tuple((n, reach(r)) for n, r in self.counting if not (isinstance(r, Cap) and r.calendar))
        self.calendars = tuple((number, cap.calendar) for number, cap in self.caps if cap.calendar is not None)
        self.quiet = {number: Quiet(rule) for number, rule in judging if isinstance(rule, QuietHours)}
        self.consents = tuple(number for number, rule in judging if isinstance(rule, ConsentRule))
        self.exclusions = tuple((number, rule) for number, rule in judging if isinstance(rule, ExclusionRule))
        self.holdouts = tuple((number, rule) for number, rule in judging if isinstance(rule, Holdout))
        self.allowances = tuple((number, rule) for number, rule in judging if isinstance(rule, Volume | Budget))
        self.only_tightens = not any(isinstance(rule, Cooldown) and rule.without for _, rule in self.counting)
        self._zone = zone(revision.catalogue.time_zone) or UTC
        self._consented: dict[Rows, dict[str, Rows]] = {}
        self._tallies: dict[tuple[int, str | None], Tally] = {}
        self._counted: dict[Any, Counted] = {}
        self._chosen: dict[int, tuple[Tally, ...]] = {}
        self._periods: dict[tuple[CalendarUnit, tzinfo], tuple[datetime, datetime]] = {}
        self._spans = tuple(sorted({reach(rule) for _, rule in self.counting}))
        self._farthest: dict[OutcomeName, timedelta] = {}
        for _, rule in self.counting:
            for outcome in rule.outcomes + (rule.without if isinstance(rule, Cooldown) else ()):
                self._farthest[outcome] = max(reach(rule), self._farthest.get(outcome, timedelta()))
        self._asked: tuple[ContactHistory, datetime, Asked] | None = None

    def _judged(self, rule: Rule) -> Rows:
        of, any_of = self.scopes.of, self.scopes.any
        match rule:
            case ConsentRule():
                return of(rule.scope) & any_of("purpose", rule.purposes)
            case ExclusionRule():
                return any_of("purpose", rule.stops)
            case Holdout():
                return of(rule.scope) & any_of("purpose", rule.stops)
            case Cooldown():
                return of(rule.blocks)
            case Budget():
                paid = [c.id for c in self.revision.catalogue.channels if c.price > 0]
                return of(rule.scope) & any_of("channel", paid)
            case Cap() | QuietHours() | Volume():
                return of(rule.scope)

    def switched(self, off: Iterable[SwitchedOff]) -> Rows:
        """The rows that are switched off."""
        found = 0
        for each in off:
            found |= self.scopes.any(each.kind, (each.id,))
        return found

    def zone_of(self, profile: Profile) -> tzinfo:
        """The person's own time zone; the bank's where theirs is not known or is none."""
        name = profile.attributes.get("time_zone")
        return (zone(name) if name.__class__ is str else None) or self._zone

    def began(self, unit: CalendarUnit, now: datetime, zone_: tzinfo) -> datetime:
        """When the day, week or month of now began in a zone; the last one is remembered, by unit and zone."""
        known = self._periods.get((unit, zone_))
        if known is None or not known[0] <= now < known[1]:
            known = self._periods[unit, zone_] = period(unit, now, zone_)
        return known[0]

    def since(self, now: datetime, zone_: tzinfo) -> list[datetime]:
        """For each rule, the instant after which it counts; a zone matters to caps on a calendar alone."""
        since = [now] * len(self.rules)
        for number, span in self.rolling:
            since[number] = now - span
        for number, unit in self.calendars:
            since[number] = self.began(unit, now, zone_) - INSTANT
        return since

    def consented(self, consents: dict[str, Consent], among: Rows = EVERY) -> Rows:
        """Of some rows those to which a person consents: of the words that match a row the weightiest counts."""
        found = 0
        matching = self._matching(among)
        for key in consents.keys() & matching.keys():
            word = consents[key]
            if not (word.granted and word.basis == "consent"):
                break  # which may outweigh others
            found |= matching[key]
        else:
            return found
        found = 0
        for key, word in weighed(consents):
            rows = matching.get(key, 0)
            found = found | rows if word.consents else found & ~rows
        return found

    def _matching(self, among: Rows) -> dict[str, Rows]:
        """Of some rows those that each key of a consent matches, without keys that match none."""
        found = self._consented.get(among)
        if found is None:
            every = self._all_matching() if among == EVERY else self._matching(EVERY)
            if len(self._consented) >= _MOST_SLOTS:
                self._consented.clear()
            found = self._consented[among] = {key: some for key, rows in every.items() if (some := rows & among)}
        return found

    def _all_matching(self) -> dict[str, Rows]:
        """The rows that each key of a consent matches."""
        values = self.scopes.values
        brands = {**values("brand"), ANY: self.scopes.all}
        channels = {**values("channel"), ANY: self.scopes.all}
        return {
            f"{brand}:{purpose}:{channel}": rows
            for purpose, of_purpose in values("purpose").items()
            for brand, of_brand in brands.items()
            for channel, of_channel in channels.items()
            if (rows := of_purpose & of_brand & of_channel)
        }

    def tally(self, number: int, value: str | None) -> Tally:
        """Where a rule counts what has this value of the level that it counts apart."""
        found = self._tallies.get((number, value))
        if found is None:
            rule = self.rules[number]
            assert isinstance(rule, Cap | Cooldown)
            rows, apart = self.judged[number], apart_of(rule)
            if apart is not None:
                rows &= self.scopes.values(apart).get(value, 0)
            against = Tally(number, rule, 0) if isinstance(rule, Cooldown) and rule.without else None
            found = self._tallies[number, value] = Tally(number, rule, rows, against)
        return found

    def asked(self, history: ContactHistory, now: datetime) -> Asked:
        """The contacts that a rule could count, by their outcomes and how long ago rules count these; of the last
        decision they are remembered, since what was read is told after it was asked for.
        """
        last = self._asked
        if last is None or last[0] is not history or last[1] != now:
            last = self._asked = history, now, self._looked_through(history, now)
        return last[2]

    def _looked_through(self, history: ContactHistory, now: datetime) -> Asked:
        asked: list[tuple[Contact | Folded, Mapping[str, datetime], Counted]] = []
        contacts: list[Contact | Folded] = [*history.contacts.values(), *history.past.contacts]
        if not contacts:
            return asked
        horizons = [now - span for span in self._spans]
        since: dict[str, datetime] = {outcome: now - span for outcome, span in self._farthest.items()}
        for contact in contacts:
            outcomes, state = contact.outcomes, contact.state
            if state != "presented":
                if not contact.counts(now):
                    continue
                if state in _TAKEN_AS_SENT:
                    outcomes = {**outcomes, "sent": contact.at}
            for outcome, at in outcomes.items():
                farthest = since.get(outcome)
                if farthest is not None and at > farthest:
                    break
            else:  # no rule could count it, whatever it is of: of many contacts most
                continue
            counted = self.counted(contact.known if type(contact) is Folded else facts_of(contact))
            by_outcome = counted.by_outcome
            for outcome, at in outcomes.items():
                if outcome in by_outcome and at > horizons[by_outcome[outcome][0]]:
                    asked.append((contact, outcomes, counted))
                    break
        return asked

    def counted(self, of: tuple[str, ...]) -> Counted:
        """What is counted of contacts that are of this, in the order of `FACTS`."""
        found = self._counted.get(of)
        if found is None:
            found = self._counted[of] = self._looked_up(dict(zip(FACTS, of, strict=True)))
        return found

    def chosen(self, row: int) -> tuple[Tally, ...]:
        """Where a treatment that is chosen is counted, as if it were sent, or on an inbound channel seen."""
        found = self._chosen.get(row)
        if found is None:
            action, treatment = self.rows[row]
            counted = self._looked_up(facts(action, treatment))
            outcome = "sent" if self.revision.channels[treatment.channel].direction == "outbound" else "impression"
            once = tuple([tally for names, tally in counted.latest if outcome in names])
            found = tuple([tally for tally in counted.tallies(outcome) + once if reach(tally.rule)])
            self._chosen[row] = found
        return found

    def _looked_up(self, of: dict[str, str]) -> Counted:
        known = self.revision.treatments.get(of["treatment"])
        expected = facts(*known) if known else {}
        counted = Counted({name: value for name, value in of.items() if expected.get(name) != value})
        for number, rule in self.counting:
            scope: Scope = rule.scope if isinstance(rule, Cap) else rule.after
            if not in_scope(scope, of):
                continue
            apart = apart_of(rule)
            tally = self.tally(number, of[apart] if apart else None)
            # of several outcomes of one contact a cooldown after a single one takes the latest of all anyway
            horizon = self._spans.index(reach(rule))
            counted.add(rule.outcomes, tally, horizon, once=isinstance(rule, Cap) or rule.count > 1)
            if isinstance(rule, Cooldown) and tally.against is not None:
                counted.add(rule.without, tally.against, horizon, once=False)
        return counted


def apart_of(rule: Cap | Cooldown) -> Dimension | None:
    """The level of which a rule counts each value apart."""
    return rule.per if isinstance(rule, Cap) else rule.same
