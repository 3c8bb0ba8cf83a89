"""Why an action was not chosen, and the smallest change that would have let it win.

The change is searched for along the way that the action would have had to go: what engagement policy reads, then the
rules of contact policy, then its rank. Whatever is found is applied to the record and the decision made again, so that
nothing is claimed that does not come true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from shared.domain.candidates import known
from shared.domain.catalogue import Action, Treatment
from shared.domain.change import Change, apply, flag_gone, later
from shared.domain.consent.words import deciding, key_of
from shared.domain.contact_policy import Withheld, first_stop
from shared.domain.contact_read import ContactRead
from shared.domain.contact_words import is_as_wanted
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import qualify
from shared.domain.floats import between
from shared.domain.left_out import Slotted
from shared.domain.offered import BestFirst
from shared.domain.offering import to_send
from shared.domain.policy.factors import MAX_VALUE, PROPENSITY_DIGITS
from shared.domain.policy.policy import Policy
from shared.domain.qualifying import Question
from shared.domain.replay import answer, is_offer, offers, replayed, rerank
from shared.domain.rules import Cap, ExclusionRule
from shared.domain.scoring import Ranked, Scoring, best_first, scored_by

MAX_LEVER = 10.0
MOST_ROUNDS = 12
"""Obstacles taken away one after another; a rule may appear when time goes on."""


class WhyNot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What would have let an action win.

    Attributes:
        outcome: it was `chosen`; it `wins` with the changes; or what would let it win `cannot` be said, or is nothing.
        treatment: the one that needs least.
        changes: all of them are needed, together.
        alternatives: instead of the last of the changes, each does as well: another factor of its priority.
        assumed: whether its propensity is the one declared for the start, since none was worked out for it then.
        because: what stood against it first, or why nothing can be said.
    """

    action: str
    outcome: Literal["chosen", "wins", "cannot"]
    treatment: str | None = None
    changes: tuple[Change, ...] = ()
    alternatives: tuple[Change, ...] = ()
    assumed: bool = False
    because: str = ""


def why_not(policy: Policy, record: DecisionRecord, action_id: str) -> WhyNot:
    """What would have let an action win.

    Args:
        policy: the revision that the record names.
        record: the decision.
        action_id: the action.

    Raises:
        NotFoundError: the revision has none such.
    """
    action = policy.revision.action(action_id)
    if any(chosen.treatment in {t.id for t in action.treatments} for chosen in record.chosen):
        return WhyNot(action=action_id, outcome="chosen", because="It was chosen.")
    treatments = [treatment for treatment in action.treatments if record.slots.admit(treatment)]
    if not treatments:
        where = sorted({treatment.placement or treatment.channel for treatment in action.treatments})
        because = f"It appears on {', '.join(where)}, and the decision was for none of these."
        return WhyNot(action=action_id, outcome="cannot", because=because)
    if record.read is not None and record.read.stands is not None:
        because = "What this decision had reserved before stood; nothing was chosen anew."
        return WhyNot(action=action_id, outcome="cannot", because=because)
    if not is_offer(policy.revision, record.slots) and not list(to_send(policy, [each.id for each in treatments])):
        because = "It is of a bundle, which is chosen whole or not at all, and a message carries one action."
        return WhyNot(action=action_id, outcome="cannot", because=because)
    searches = [_Search(policy, record, action, treatment) for treatment in treatments]
    found = [(search.answer(), search.short_by) for search in searches]
    return min(found, key=lambda each: (each[0].outcome != "wins", len(each[0].changes), each[1]))[0]


class _Search:
    """The way of one treatment.

    Attributes:
        short_by: by how much its priority would have to be multiplied; 1 where it need not be.
    """

    def __init__(self, policy: Policy, record: DecisionRecord, action: Action, treatment: Treatment) -> None:
        self._policy = policy
        self._original = record
        self._action = action
        self._treatment = treatment
        self._changes: dict[tuple[str, str], Change] = {}
        self.short_by = 1.0

    def answer(self) -> WhyNot:
        because = ""
        for _ in range(MOST_ROUNDS):
            record = apply(self._policy, self._original, self._changes.values())
            question = Question(self._policy, record, self._action, self._treatment)
            changes, hopeless = question.answer()
            if changes and not because:
                because = question.because()
            if hopeless is None and not changes:
                changes, hopeless, why = self._past_the_rules(record)
                because = because or why
            if hopeless is not None:
                return self._cannot(hopeless)
            if not changes:
                return self._ranked(record, because)
            before = dict(self._changes)
            self._changes |= {change.what: change for change in changes}
            if self._changes == before:
                break
        return self._cannot("each change called for another")

    def _past_the_rules(self, record: DecisionRecord) -> tuple[list[Change], str | None, str]:
        """What frees the treatment of the rule that stops it when nothing else is chosen beside it."""
        read = record.read or ContactRead()
        history = read.history(self._policy.revision)
        at = record.reserved_at
        stop = first_stop(
            self._policy, self._treatment.id, record.profile, history, at, closed=read.closed, off=read.off
        )
        if stop is None:
            return [], None, ""
        return *self._freed(record, stop), f"Withheld by {stop.kind} {stop.rule}."

    def _freed(self, record: DecisionRecord, stop: Withheld) -> tuple[list[Change], str | None]:
        if stop.kind == "switch":
            return [], f"{stop.rule} was switched off, for everybody"
        rule = next(rule for rule in self._policy.revision.catalogue.rules if rule.id == stop.rule)
        if isinstance(rule, ExclusionRule):
            return [flag_gone(record.profile.flags, rule.flag)], None
        if stop.kind == "consent":
            key = key_of(self._action.brand, self._treatment.purpose, self._treatment.channel)
            word = deciding(record.profile.consents, key)
            now = "none" if word is None else f"granted on {word.basis}" if word.granted else "withdrawn"
            says = (
                f"consent to {self._treatment.purpose} of {self._action.brand} by {self._treatment.channel}, now {now}"
            )
            return [Change(kind="consent", subject=key, says=says)], None
        if stop.allowed_at is not None:
            return [later(stop.allowed_at, self._policy.contact_rules.zone_of(record.profile))], None
        if isinstance(rule, Cap) and rule.preference is not None and is_as_wanted(rule, stop):
            subject, wanted = f"profile.{rule.preference}", (stop.count or 0) + 1
            says = f"{subject} ≥ {wanted}, now {stop.limit}"
            return [Change(kind="attribute", subject=subject, value=wanted, says=says)], None
        return [], f"{stop.kind} {stop.rule} stops it, and time alone does not end that"

    def _ranked(self, record: DecisionRecord, because: str) -> WhyNot:
        """It qualifies and no rule stops it: what of its rank is missing."""
        if self._wins(replayed(self._policy, record)):
            return self._wins_with((), because)
        rows = qualify(self._policy, record.profile, record.signal, record.slots, record.decided_at).rows
        if self._treatment.id not in self._policy.treatments(rows):
            return self._cannot("it does not qualify all the same")
        scoring = rerank(self._policy, rows, record)
        if is_offer(self._policy.revision, record.slots) and record.filling == "together":
            return self._in_slots(record, scoring, because)
        return self._in_order(record, scoring, because)

    def _in_order(self, record: DecisionRecord, scoring: Scoring, because: str) -> WhyNot:
        """What of its priority is missing to rank above one that is chosen."""
        place = scoring.treatments.index(self._treatment.id)
        target = self._target(record, scoring, place)
        if target is None:
            return self._cannot("contact policy lets nothing beside what is chosen with it, wherever it ranks")
        mandatory = {t.id for a in self._policy.revision.catalogue.actions if a.mandatory for t in a.treatments}
        rival = scoring.treatments[target]
        if rival in mandatory and self._treatment.id not in mandatory:
            return self._cannot(f"{rival} is mandatory and ranks above whatever is not")
        mine, beat = list(scoring)[place], scoring.priorities[target]
        factors = tuple(self._factors(mine, beat, lambda priority: priority > beat))
        if not factors:
            return self._cannot(
                f"neither its propensity nor its value nor its lever alone lifts it above {rival}, "
                f"whose priority is {beat:.4g}; its own is {mine.priority:.4g}"
            )
        return self._wins_with(factors, because or f"It ranked {place + 1} of {len(scoring)}, behind {rival}.")

    def _in_slots(self, record: DecisionRecord, scoring: Scoring, because: str) -> WhyNot:
        """What of its priority is missing for a place in the slots of a request, which are filled together."""
        offered = offers(self._policy, record, best_first(self._policy, scoring))
        why = Slotted(self._policy, record, scoring, offered).why(self._treatment.id)
        mine = next(each for each in scoring if each.treatment == self._treatment.id)

        def shown(priority: float) -> bool:
            priorities = [priority if each.treatment == mine.treatment else each.priority for each in scoring]
            again = scored_by(self._policy, scoring, priorities)
            return self._wins(answer(self._policy, record, best_first(self._policy, again)))

        ample = 2 * sum(scoring.priorities) + 1
        if not shown(ample):
            return self._cannot(f"no priority would put it there. {why}")
        short = between(mine.priority, ample, shown)
        factors = tuple(self._factors(mine, short, shown))
        if not factors:
            return self._cannot(
                "neither its propensity nor its value nor its lever alone makes its priority more than "
                f"{short:.4g}, which it takes; its own is {mine.priority:.4g}. {why}"
            )
        return self._wins_with(factors, because or why)

    def _target(self, record: DecisionRecord, scoring: Scoring, place: int) -> int | None:
        """The lowest place above its own, of those that are chosen, from which it would be chosen."""
        order = list(scoring.treatments)
        chosen = {each.treatment for each in self._answer(record, order).chosen}
        others = [each for each in order if each != self._treatment.id]
        places = [number for number in range(place - 1, -1, -1) if order[number] in chosen]
        for number in [*places, 0]:
            moved = [*others[:number], self._treatment.id, *others[number:]]
            if number < place and self._wins(self._answer(record, moved)):
                return number
        return None

    def _answer(self, record: DecisionRecord, order: Sequence[str]) -> DecisionRecord:
        """The answer to another order, where nothing but the order counts."""
        rows = self._policy.slotting.numbers(order)
        return answer(self._policy, record, BestFirst(rows, [0.0] * len(rows)))

    def _factors(self, mine: Ranked, beat: float, does: Callable[[float], bool]) -> Iterator[Change]:
        """What P, V or L would have to be, each alone, for a priority above one, if that does it."""
        weights = self._policy.revision.catalogue.weights
        self.short_by = beat / mine.priority if mine.priority > 0 else math.inf
        every = self._policy.factors.anyway
        anyway = every[self._policy.row(mine.treatment)] if every else 0.0
        shares = {
            "propensity": (max(mine.propensity - anyway, 0.0), weights.propensity),
            "context": (mine.context, weights.context),
            "value": (mine.value, weights.value),
            "lever": (mine.lever, weights.lever),
        }
        limits = {"propensity": 1 - 10.0**-PROPENSITY_DIGITS, "value": MAX_VALUE, "lever": MAX_LEVER}
        for name in ("propensity", "value", "lever"):
            others = math.prod(factor**weight for other, (factor, weight) in shares.items() if other != name)
            now, weight = shares[name]
            if others <= 0 or weight <= 0:
                continue
            needed = _rounded_up((beat / others) ** (1 / weight))
            if needed <= limits[name] and does(others * needed**weight):
                unit = "£" if name == "value" else ""
                if name == "propensity":  # of which what is accepted anyway does not count
                    needed, now = _rounded_up(needed + anyway) if anyway else needed, mine.propensity
                says = f"{name} of {mine.treatment} ≥ {unit}{needed:.4g}, now {unit}{now:.4g}"
                yield Change(kind=name, subject=mine.treatment, value=needed, says=says)

    def _wins(self, made: DecisionRecord) -> bool:
        own = {treatment.id for treatment in self._action.treatments}
        return any(chosen.treatment in own for chosen in made.chosen)

    def _wins_with(self, factors: tuple[Change, ...], because: str) -> WhyNot:
        return WhyNot(
            action=self._action.id,
            outcome="wins",
            treatment=self._treatment.id,
            changes=(*self._changes.values(), *factors[:1]),
            alternatives=factors[1:],
            assumed=self._treatment.id not in known(self._policy, self._original),
            because=because,
        )

    def _cannot(self, because: str) -> WhyNot:
        return WhyNot(
            action=self._action.id,
            outcome="cannot",
            treatment=self._treatment.id,
            changes=tuple(self._changes.values()),
            because=because,
        )


def _rounded_up(number: float) -> float:
    """The number with four figures, and a little more than it."""
    if number <= 0:
        return 10.0**-PROPENSITY_DIGITS
    unit = 10.0 ** (math.floor(math.log10(number)) - 3)
    return round((math.floor(number / unit) + 1) * unit, 12)
