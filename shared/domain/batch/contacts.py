"""Contact policy asked for all persons of a wave: which rows its rules stop, and what one contact more would add.

What is counted becomes pairs of person and tally. Rules that sums cannot answer (a cooldown after several contacts, or
one that something lifts) count here up to where they might stop; who comes that far is decided alone, and so is whoever
has contacts that were merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.domain.batch.counting import Counting, Plan
from shared.domain.batch.packed import Flags, Places, places
from shared.domain.consent import weighed
from shared.domain.contact_history import ContactHistory
from shared.domain.contact_past import facts_of, known_of
from shared.domain.contact_policy.compiled import ContactRules
from shared.domain.contact_policy.limits import held_out, limit_of
from shared.domain.contact_policy.tallies import Tally
from shared.domain.policy.policy import Policy
from shared.domain.policy.rows import Rows
from shared.domain.profile import Profile
from shared.domain.rules import Cap, Cooldown

_NEVER = 1 << 14
"""No number of contacts comes to this."""

_REMEMBERED = 64
"""Moments and time zones for which it is remembered what counts, from one wave to the next."""

_STRIDE = 1 << 24
"""There are fewer tallies than this."""

Stopped = NDArray[np.bool_]
"""Whether each row (first) is stopped for each person."""


class _Tallies(NamedTuple):
    """Tallies as columns: the place of each among those that grow, whether sums say whether it stops, its rule, its
    rows with where they begin and how many they are, and from how many contacts on it stops.
    """

    growing: Places
    exact: Flags
    rules: Places
    rows: Places
    starts: Places
    many: Places
    least: NDArray[np.int64]


class Counted(NamedTuple):
    """What is stopped because of what was counted: the number of the rule, the row and the person, pair by pair."""

    rules: Places
    rows: Places
    persons: Places


class Standing(NamedTuple):
    """What rules say of the persons of a wave before anything is chosen.

    Attributes:
        hard: the rows that rules other than quiet hours stop, by person.
        quiet: those that quiet hours stop.
        by_rule: which rule stops which rows for whom whatever was counted.
        counted: what rules stop by what was counted.
        alone: who is to be decided alone.
        counts: by person and tally, of tallies that what is chosen adds to.
        limits: from how many on each of them stops.
    """

    hard: Stopped
    quiet: Stopped | None
    by_rule: list[tuple[int, Places, Places]]
    counted: Counted
    alone: Flags
    counts: NDArray[np.int16]
    limits: NDArray[np.int16]


class Rules:
    """The rules of a revision, ready to be asked about waves."""

    def __init__(self, policy: Policy) -> None:
        """Work out what a contact by each treatment would add to."""
        self._policy = policy
        self._rules: ContactRules = policy.contact_rules
        self._plans: dict[Any, Plan] = {}
        self._countings: dict[tuple[datetime, tzinfo], Counting] = {}
        self._tallies: list[Tally] = []
        self._columns: _Tallies | None = None
        self._numbers: dict[Tally, int] = {}
        self._size = len(policy.rows)
        chosen = map(self._rules.chosen, range(self._size))
        grows = [sorted({self._number(tally) for tally in tallies if tally.rows}) for tallies in chosen]
        self.growing = sorted({tally for adds in grows for tally in adds})
        self._growing = place = {tally: n for n, tally in enumerate(self.growing)}
        widest = max(map(len, grows), default=0)
        self.adds = np.full((self._size, widest), len(self.growing), np.intp)
        for row, adds in enumerate(grows):
            self.adds[row, : len(adds)] = [place[tally] for tally in adds]
        self.stops = [places(self._tallies[tally].rows, self._size) for tally in self.growing]
        self.exact = np.array([_is_exact(self._tallies[tally]) for tally in self.growing], np.bool_)
        caps = self._rules.caps
        self._may_be_none = [(number, cap) for number, cap in caps if cap.preference is not None or not cap.limit]
        self.lifts = any(
            isinstance(rule, Cooldown) and {"sent", "impression"} & {*rule.without} for _, rule in self._rules.counting
        )

    def standing(
        self, profiles: Sequence[Profile], histories: Sequence[ContactHistory], moments: Sequence[datetime]
    ) -> Standing:
        """Ask every rule about every person, each at a moment."""
        rules = self._rules
        persons = len(profiles)
        zones = [rules.zone_of(profile) for profile in profiles] if rules.calendars or rules.quiet else None
        hard = np.zeros((self._size, persons), np.bool_)
        quiet = np.zeros((self._size, persons), np.bool_) if rules.quiet else None
        by_rule = list(self._fixed(profiles))
        for _, stopped, whose in by_rule:
            hard[np.ix_(stopped, whose)] = True
        if quiet is not None:
            assert zones is not None
            for (now, zone), whose in grouped([*zip(moments, zones, strict=True)]):
                for number, each in rules.quiet.items():
                    if each.end(now, zone) is not None:
                        by_rule.append((number, places(rules.judged[number], self._size), whose))
                        quiet[np.ix_(by_rule[-1][1], whose)] = True
        alone = np.zeros(persons, np.bool_)
        counted = self._counted(histories, zones, moments, alone)
        own = self._own_limits(profiles)
        counts = np.zeros((persons, len(self.growing) + 1), np.int16)
        limits = np.full((persons, len(self.growing) + 1), _NEVER, np.int16)
        for tally, place in self._growing.items():
            limits[:, place] = self._least(tally, own)
        whose, tallies, times = _by_tally(counted)
        known = self._known()
        grows = known.growing[tallies] >= 0
        counts[whose[grows], known.growing[tallies[grows]]] = np.minimum(times[grows], _NEVER - 1)
        full = times >= (self._leasts(own, persons)[tallies, whose] if own else known.least[tallies, 0])
        exact = known.exact[tallies]
        alone[whose[full & ~exact]] = True
        beside = self._expanded(whose[full & exact], tallies[full & exact])
        hard[beside.rows, beside.persons] = True
        return Standing(hard, quiet, by_rule, beside, alone, counts, limits)

    def _leasts(self, own: Mapping[int, Any], persons: int) -> NDArray[np.int64]:
        """From how many on each tally stops, or might: a column for each person, or one for all."""
        found = np.empty((len(self._tallies), persons if own else 1), np.int64)
        for tally in range(len(self._tallies)):
            found[tally] = self._least(tally, own)
        return found

    def _known(self) -> _Tallies:
        """The tallies as columns, until more of them are met."""
        known = self._columns
        if known is None or len(known.exact) != len(self._tallies):
            rows_of = [places(tally.rows, self._size) for tally in self._tallies]
            many = np.array([len(rows) for rows in rows_of], np.intp)
            known = self._columns = _Tallies(
                growing=np.array([self._growing.get(n, -1) for n in range(len(rows_of))], np.intp),
                exact=np.array([_is_exact(tally) for tally in self._tallies], np.bool_),
                rules=np.array([tally.number for tally in self._tallies], np.intp),
                rows=np.concatenate([np.empty(0, np.intp), *rows_of]),
                starts=np.cumsum(many) - many,
                many=many,
                least=self._leasts({}, 1),
            )
        return known

    def _expanded(self, whose: Places, tallies: Places) -> Counted:
        """What tallies stop, as pairs of row and person."""
        known = self._known()
        lengths = known.many[tallies]
        before = np.cumsum(lengths) - lengths
        rows = known.rows[np.repeat(known.starts[tallies] - before, lengths) + np.arange(int(lengths.sum()))]
        return Counted(np.repeat(known.rules[tallies], lengths), rows, np.repeat(whose, lengths))

    def _least(self, tally: int, own: Mapping[int, Any]) -> Any:
        """From how many on a tally stops, or might: the same for all, or for each."""
        rule = self._tallies[tally].rule
        limit = rule.limit if isinstance(rule, Cap) else rule.count
        return np.minimum(own.get(self._tallies[tally].number, limit), _NEVER - 1)

    def plan(self, what: tuple[str, ...]) -> Plan:
        """What is counted of contacts that are of this."""
        found = self._plans.get(what)
        if found is None:
            counted = self._rules.counted(what)
            found = self._plans[what] = Plan(
                {
                    outcome: tuple([(self._number(tally), tally.number) for tally in tallies if tally.rows])
                    for outcome, (_, tallies) in counted.by_outcome.items()
                },
                tuple([(names, self._number(tally), tally.number) for names, tally in counted.latest if tally.rows]),
            )
        return found

    def oldest(self, since: Sequence[datetime]) -> dict[str, datetime]:
        """By outcome, from when on any rule counts it."""
        found: dict[str, datetime] = {}
        for number, rule in self._rules.counting:
            for outcome in rule.outcomes:
                found[outcome] = min(since[number], found.get(outcome, since[number]))
        return found

    def _number(self, tally: Tally) -> int:
        if tally not in self._numbers:
            self._numbers[tally] = len(self._tallies)
            self._tallies.append(tally)
        return self._numbers[tally]

    def _fixed(self, profiles: Sequence[Profile]) -> Iterator[tuple[int, Places, Places]]:
        """What rules stop whatever was counted, with the persons for whom they do."""
        consented: dict[Any, Rows] = {}
        for stopped, whose in grouped([tuple(self._stopped(profile, consented)) for profile in profiles]):
            for number, rows in stopped:
                yield number, places(rows, self._size), whose

    def _stopped(self, profile: Profile, consented: dict[Any, Rows]) -> list[tuple[int, Rows]]:
        rules = self._rules
        stopping: list[int] = []
        if profile.flags:
            stopping += [n for n, exclusion in rules.exclusions if exclusion.flag in profile.flags]
        if rules.holdouts:
            stopping += [n for n, holdout in rules.holdouts if held_out(holdout, profile.person_id)]
        if self._may_be_none:
            stopping += [n for n, cap in self._may_be_none if limit_of(cap, profile) == 0]
        found = [(number, rules.judged[number]) for number in stopping]
        if rules.consents:
            key = tuple([(each, word.consents) for each, word in weighed(profile.consents)])
            if key not in consented:
                consented[key] = rules.consented(profile.consents)
            found += [(n, rows) for n in rules.consents if (rows := rules.judged[n] & ~consented[key])]
        return found

    def _own_limits(self, profiles: Sequence[Profile]) -> dict[int, Any]:
        """Of caps that persons may lower, the limit of each."""
        return {
            number: np.array([limit_of(cap, profile) for profile in profiles])
            for number, cap in self._rules.caps
            if cap.preference is not None
        }

    def _counted(
        self,
        histories: Sequence[ContactHistory],
        zones: Sequence[tzinfo] | None,
        moments: Sequence[datetime],
        alone: Flags,
    ) -> list[int]:
        """The tallies that each person's contacts count in, once for each time, as one number with the person's."""
        found: list[int] = []
        if len(self._countings) > _REMEMBERED:
            self._countings.clear()
        for person, (history, now) in enumerate(zip(histories, moments, strict=True)):
            zone = zones[person] if zones is not None and self._rules.calendars else UTC
            counting = self._countings.get((now, zone))
            if counting is None:
                since = self._rules.since(now, zone)
                counting = self._countings[now, zone] = Counting(self.plan, since, self.oldest(since))
            counting(history.contacts.values(), facts_of, now, person * _STRIDE, found.append)
            if history.past.contacts:
                alone[person] = any(folded.had is not None for folded in history.past.contacts)
                counting(history.past.contacts, known_of, now, person * _STRIDE, found.append)
        return found


def _is_exact(tally: Tally) -> bool:
    """Whether how many there are says whether it stops."""
    return isinstance(tally.rule, Cap) or (tally.plain and tally.against is None)


def _by_tally(counted: Sequence[int]) -> tuple[Places, Places, Places]:
    """Persons and tallies that their contacts count in, pair by pair, and how often."""
    keys, times = np.unique(np.array(counted, np.int64), return_counts=True)
    whose, tallies = np.divmod(keys, _STRIDE)
    return whose, tallies, times


def grouped(keys: Sequence[Any]) -> Iterator[tuple[Any, Places]]:
    """Each different key, with the places at which it stands."""
    found: dict[Any, list[int]] = {}
    for place, key in enumerate(keys):
        found.setdefault(key, []).append(place)
    for key, where in found.items():
        yield key, np.array(where, np.intp)
