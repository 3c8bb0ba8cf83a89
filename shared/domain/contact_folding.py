"""Folding: contacts that are settled go from the history's entries into its past, and what is too much there is merged.

What the rules of a revision can still ask for exactly stays exact: contacts with an outcome that a cap counts within
its window, or a cooldown that counts several. Of everything else the latest times are enough, which merging keeps.
Merged first are contacts of one treatment that lie nearest to each other for their age: a rule that a later revision
brings, and that looks further back, then counts as many or more, some of them as later than they were.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from shared.domain.contact import Contact
from shared.domain.contact_history import FORGET_WITHHELD_AFTER, ContactHistory
from shared.domain.contact_past import Folded, Past
from shared.domain.contact_policy.windows import reach
from shared.domain.delivery import RESERVATION_TTL
from shared.domain.outcome import OutcomeName
from shared.domain.rules import Cap, Cooldown, Rule, Scope, in_scope

REPEATED_WITHIN = FORGET_WITHHELD_AFTER + RESERVATION_TTL
"""How long a reservation may be repeated word for word, or a decision made since then beside it."""

SHOWN_FOR = timedelta(hours=1)
"""How long what was shown on an inbound channel stays an entry, into which most of its outcomes come."""

EXACT_FOR = timedelta(days=35)
"""How long every contact stays exact, whatever the rules ask: a calendar month, and time for late outcomes."""

SLACK = REPEATED_WITHIN + timedelta(days=1)
"""By how much more than its window a rule is taken to ask for: decisions are repeated as of the past, and a person may
move to another time zone."""

MERGE_EVERY = 32
"""How many contacts more there are before it is looked again for some to merge."""

SPARE_BYTES = 16_000
"""For contacts of the past that no rule asks for exactly."""

WORDS_BYTES = 28_000
"""For the words of what contacts of the past are of; for more, treatments are forgotten that no rule asks for."""

MOST_BYTES = 66_000
"""For all of the past; for more, those are merged too that rules ask for."""


class Fold(NamedTuple):
    """A change of a history that folds.

    Attributes:
        past: the history's past from now on.
        gone: entries that the past has from now on, or that never count again.
        kept: entries that stay.
        withheld: decisions that chose nothing to be forgotten.
    """

    past: Past
    gone: tuple[Contact, ...]
    kept: tuple[Contact, ...]
    withheld: tuple[str, ...]


def fold(history: ContactHistory, rules: Sequence[Rule], now: datetime) -> Fold:
    """Fold what is settled, and merge what is too much.

    Args:
        history: as it was read.
        rules: of the revision that decides.
        now: the time of the decision, UTC.
    """
    gone: list[Contact] = []
    kept: list[Contact] = []
    for contact in history.contacts.values():
        (gone if _is_settled(contact, now) else kept).append(contact)
    folded = [Folded.of(contact) for contact in gone if contact.counts(now)]
    past = history.past.of([*history.past.contacts, *folded]) if folded else history.past
    crowded = len(past.contacts) // MERGE_EVERY > (len(past.contacts) - len(folded) - len(history.late)) // MERGE_EVERY
    return Fold(
        past=shrunk(past, rules, now) if crowded else past,
        gone=(*gone, *history.late.values()),
        kept=tuple(kept),
        withheld=tuple(history.withheld_to_forget(now)),
    )


def settled(history: ContactHistory, now: datetime) -> int:
    """How many entries a fold would take."""
    return len(history.late) + sum(_is_settled(contact, now) for contact in history.contacts.values())


def _is_settled(contact: Contact, now: datetime) -> bool:
    """Whether nobody claims, releases or repeats it any more."""
    if contact.state == "presented":
        return contact.at < now - SHOWN_FOR
    open_ended = contact.state == "reserved" and contact.expires_at is None
    return contact.at < now - REPEATED_WITHIN and not open_ended


def shrunk(past: Past, rules: Sequence[Rule], now: datetime) -> Past:
    """The past within its bounds, if rules let it.

    What a rule asks for is never forgotten. So there remains, at the least, one entry for each treatment in scope of a
    cooldown that has not passed.
    """
    if _weight(past.contacts) <= SPARE_BYTES:
        return past
    asked = _Asked(rules, now)
    held: list[Folded] = []
    spare: list[Folded] = []
    for each in past.contacts:
        (held if asked.exactly(each) else spare).append(each)
    kept, forgotten = _known_of([*held, *_merged(spare, SPARE_BYTES, now)], asked)
    return past.of(_merged(kept, MOST_BYTES - _words(kept), now), forgotten=forgotten)


def _known_of(contacts: Sequence[Folded], asked: _Asked) -> tuple[list[Folded], list[Folded]]:
    """The contacts without those of so many treatments that the words of the others fit; and those.

    Forgotten are all contacts of a treatment of which no rule asks anything, beginning with the one longest ago.
    """
    groups: dict[Hashable, list[Folded]] = defaultdict(list)
    for contact in contacts:
        groups[contact.known].append(contact)
    kept: list[Folded] = []
    forgotten: list[Folded] = []
    excess = _words(contacts) - WORDS_BYTES
    for group in sorted(groups.values(), key=lambda group: max(map(Folded.last, group))):
        if excess > 0 and not any(map(asked.at_all, group)):
            forgotten += group
            excess -= _words(group[:1])
        else:
            kept += group
    return kept, forgotten


class _Asked:
    """What rules may ask of the past from now on: for facts, which outcomes that came when or later."""

    def __init__(self, rules: Iterable[Rule], now: datetime) -> None:
        self._exact: list[tuple[Scope, tuple[OutcomeName, ...], datetime]] = []
        self._latest: list[tuple[Scope, tuple[OutcomeName, ...], datetime]] = []
        self._since = now - EXACT_FOR
        for rule in rules:
            if isinstance(rule, Cap):
                self._exact.append((rule.scope, rule.outcomes, now - reach(rule) - SLACK))
            elif isinstance(rule, Cooldown) and (rule.count > 1 or rule.without):
                self._exact.append((rule.after, rule.outcomes + rule.without, now - reach(rule) - SLACK))
            elif isinstance(rule, Cooldown):
                self._latest.append((rule.after, rule.outcomes, now - reach(rule) - SLACK))
        self._of: dict[Hashable, tuple[dict[OutcomeName, datetime], dict[OutcomeName, datetime]]] = {}

    def exactly(self, contact: Folded) -> bool:
        """Whether each of its times matters, and that it is one contact."""
        return contact.last() >= self._since or _has(contact, self._sinces(contact)[0])

    def at_all(self, contact: Folded) -> bool:
        """Whether anything of it matters."""
        return self.exactly(contact) or _has(contact, self._sinces(contact)[1])

    def _sinces(self, contact: Folded) -> tuple[dict[OutcomeName, datetime], dict[OutcomeName, datetime]]:
        kind = contact.known
        if kind not in self._of:
            self._of[kind] = _sinces(self._exact, contact), _sinces(self._latest, contact)
        return self._of[kind]


def _sinces(
    asking: Iterable[tuple[Scope, tuple[OutcomeName, ...], datetime]], contact: Folded
) -> dict[OutcomeName, datetime]:
    """Since when each outcome of contacts with these facts is asked for."""
    sinces: dict[OutcomeName, datetime] = {}
    of = contact.facts()
    for scope, outcomes, since in asking:
        if in_scope(scope, of):
            for outcome in outcomes:
                sinces[outcome] = min(since, sinces.get(outcome, since))
    return sinces


def _has(contact: Folded, sinces: Mapping[OutcomeName, datetime]) -> bool:
    return any((at := contact.when(outcome, since)) is not None and at >= since for outcome, since in sinces.items())


def _merged(contacts: Iterable[Folded], most: int, now: datetime) -> list[Folded]:
    """These contacts, with as many merged as makes them at most so many bytes.

    In rounds, each of which merges two of one treatment that follow each other: those first whose span is the smallest
    part of their age.
    """
    merged = sorted(contacts, key=lambda each: each.at)
    groups: dict[Hashable, list[Folded]] = defaultdict(list)
    for contact in merged:
        groups[contact.known].append(contact)
    while (excess := _weight(merged) - most) > 0:
        pairs = [
            ((later.at - earlier.begun()) / (now - later.at + EXACT_FOR), kind, place)
            for kind, group in groups.items()
            for place, (earlier, later) in enumerate(itertools.pairwise(group))
        ]
        if not pairs:
            break
        chosen: dict[Hashable, set[int]] = defaultdict(set)
        for _, kind, place in sorted(pairs, key=lambda pair: pair[0]):
            if excess > 0 and not {place - 1, place + 1} & chosen[kind]:
                chosen[kind].add(place)
                excess -= _weight([groups[kind][place]])
        for kind, places in chosen.items():
            groups[kind] = _pairwise(groups[kind], places)
        merged = [contact for group in groups.values() for contact in group]
    return merged


def _pairwise(group: Sequence[Folded], places: set[int]) -> list[Folded]:
    """A group in which each of these places is merged with the one after it."""
    return [
        contact.merged_with(group[place + 1]) if place in places else contact
        for place, contact in enumerate(group)
        if place - 1 not in places
    ]


def _weight(contacts: Iterable[Folded]) -> int:
    """About the bytes that they take without the words of their facts."""
    return sum(26 + 11 * len(each.observed) + (10 + 3 * len(each.observed) if each.had else 0) for each in contacts)


def _words(contacts: Iterable[Folded]) -> int:
    """About the bytes that the words of their facts take."""
    facts = {each.known for each in contacts}
    words = {word for known in facts for word in known}
    return 10 * len(facts) + sum(3 + len(word) for word in words)
