"""Contact policy as `domain.md` defines it, rule by rule, contact by contact, for one candidate at a time: slow, plain,
and what the compiled rules are held against.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from shared.domain.catalogue import facts
from shared.domain.contact_policy import Deferred, Selection, Withheld, counting, held_out
from shared.domain.contact_policy.windows import instant
from shared.domain.rules import (
    Budget,
    Cap,
    ConsentRule,
    Cooldown,
    ExclusionRule,
    Holdout,
    QuietHours,
    Volume,
    in_scope,
)
from shared.domain.zones import zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def select(revision, ranked, profile, history, now, *, count=1, defers=True, closed=None):
    """The walk, asking every rule about every candidate anew."""
    chosen, actions, withheld = [], set(), []
    for treatment in ranked:
        action, _ = revision.treatment(treatment)
        if action.id in actions:
            continue
        asked = Asked(revision, treatment, profile, history, now, closed or {})
        stops = [(rule, stop) for rule in revision.catalogue.rules if (stop := asked.stop(rule)) is not None]
        if not stops:
            chosen.append(treatment)
            actions.add(action.id)
            if len(chosen) == count:
                break
            history = counting(revision, history, treatment, now)
            continue
        if defers and not chosen and all(isinstance(rule, QuietHours) for rule, _ in stops):
            until = asked.allowed_from([rule for rule in revision.catalogue.rules if isinstance(rule, QuietHours)])
            longest = timedelta(seconds=min(rule.max_defer_seconds for rule, _ in stops))
            if until is not None and until - now <= longest:
                deferred = Deferred(treatment=treatment, rule=stops[0][0].id, until=until)
                return Selection(chosen=(), withheld=tuple(withheld), deferred=deferred)
        withheld.append(stops[0][1])
    return Selection(chosen=tuple(chosen), withheld=tuple(withheld))


class Asked:
    """One candidate before the rules."""

    def __init__(self, revision, treatment, profile, history, now, closed):
        self.revision = revision
        self.of = facts(*revision.treatment(treatment))
        self.profile, self.history, self.now = profile, history, now
        self.closed = {rule: each for rule, each in closed.items() if now < each.opens_at}
        own = profile.attributes.get("time_zone")
        self.zone = (zone(own) if isinstance(own, str) else None) or zone(revision.catalogue.time_zone)

    def stop(self, rule):
        """What a rule says of it."""
        if isinstance(rule, ExclusionRule):
            return self.withheld(rule) if rule.flag in self.profile.flags and self.of["purpose"] in rule.stops else None
        if not in_scope(rule.blocks if isinstance(rule, Cooldown) else rule.scope, self.of):
            return None
        return getattr(self, str(rule.__struct_config__.tag))(rule)

    def withheld(self, rule, **why):
        kind = str(rule.__struct_config__.tag)
        return Withheld(treatment=self.of["treatment"], rule=rule.id, kind=kind, **why)

    def consent(self, rule: ConsentRule):
        of = self.of
        if of["purpose"] not in rule.purposes:
            return None
        given = self.profile.consents_to(brand=of["brand"], purpose=of["purpose"], channel=of["channel"])
        return None if given else self.withheld(rule)

    def holdout(self, rule: Holdout):
        held = self.of["purpose"] in rule.stops and held_out(rule, self.profile.person_id)
        return self.withheld(rule) if held else None

    def volume(self, rule: Volume):
        full = self.closed.get(rule.id)
        return full and self.withheld(rule, count=full.count, limit=rule.limit, allowed_at=full.opens_at)

    def budget(self, rule: Budget):
        full = self.closed.get(rule.id)
        costs = self.revision.channels[self.of["channel"]].price > 0
        return self.withheld(rule, count=full.count, allowed_at=full.opens_at) if full and costs else None

    def times(self, scope, apart, outcomes):
        """When each contact in scope last had one of the outcomes."""
        for contact in self.history.contacts.values():
            if not contact.counts(self.now) or not in_scope(scope, contact.facts()):
                continue
            if apart and contact.facts()[apart] != self.of[apart]:
                continue
            found = [at for outcome in outcomes if (at := contact.when(outcome, self.now)) is not None]
            if found:
                yield max(found)

    def cap(self, rule: Cap):
        own = self.profile.attributes.get(rule.preference) if rule.preference else None
        limit = min(rule.limit, own) if type(own) is int and own >= 0 else rule.limit
        times = sorted(t for t in self.times(rule.scope, rule.per, rule.outcomes) if self.now < self.leaves(rule, t))
        if len(times) < limit:
            return None
        allowed_at = self.leaves(rule, times[len(times) - limit]) if limit else None
        return self.withheld(rule, count=len(times), limit=limit, allowed_at=allowed_at)

    def leaves(self, rule: Cap, at: datetime) -> datetime:
        """When what happened then leaves the window."""
        if rule.calendar is None:
            return at + timedelta(seconds=rule.window_seconds)
        day = at.astimezone(self.zone).date() + timedelta(days=1)
        while (rule.calendar == "week" and day.weekday()) or (rule.calendar == "month" and day.day != 1):
            day += timedelta(days=1)
        return instant(day, time(), self.zone)

    def cooldown(self, rule: Cooldown):
        times = list(self.times(rule.after, rule.same, rule.outcomes))
        against = [t for outcome in rule.without for t in self.times(rule.after, rule.same, [outcome])]
        period, within = timedelta(seconds=rule.period_seconds), timedelta(seconds=rule.within_seconds)
        ends = [
            end + period
            for end in times
            if rule.count == 1 or sum(end - within < t <= end for t in times) >= rule.count
            if all(t <= end - within for t in against)
        ]
        if not ends or max(ends) <= self.now:
            return None
        return self.withheld(rule, allowed_at=None if period >= timedelta(days=36525) else max(ends))

    def quiet_hours(self, rule: QuietHours):
        return self.withheld(rule, allowed_at=self.allowed_from([rule])) if self.quiet_end(rule, self.now) else None

    def allowed_from(self, rules):
        at = self.now
        while at - self.now <= timedelta(days=366):
            ends = [e for rule in rules if in_scope(rule.scope, self.of) and (e := self.quiet_end(rule, at))]
            if not ends:
                return at
            at = min(ends)
        return None

    def quiet_end(self, rule: QuietHours, at: datetime):
        """The end of a stretch that holds an instant."""
        today = at.astimezone(self.zone).date()
        for day in (today - timedelta(days=1), today, today + timedelta(days=1)):
            kind = "holiday" if day.isoformat() in rule.holidays else DAYS[day.weekday()]
            for quiet in rule.times:
                if quiet.days and kind not in quiet.days:
                    continue
                begin, end = time.fromisoformat(quiet.from_), time.fromisoformat(quiet.until)
                last: date = day if begin < end else day + timedelta(days=1)
                if instant(day, begin, self.zone) <= at < (ends := instant(last, end, self.zone, last=True)):
                    return ends
        return None
