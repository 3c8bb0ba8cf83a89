"""Who is told what of a decision: a customer in plain words, a colleague how it came about, a regulator everything."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from shared.domain.candidates import count, known, means, said_by
from shared.domain.canonical import canonical
from shared.domain.catalogue import Weights
from shared.domain.contact_policy import Withheld, WithheldRows
from shared.domain.contact_words import is_as_wanted, moment
from shared.domain.decision import DecisionRecord
from shared.domain.dropped import value_at, values_read
from shared.domain.explanation import Explanation, explain, name_of
from shared.domain.non_sends import withheld_in
from shared.domain.policy.conditions import CANDIDATE
from shared.domain.policy.policy import Policy
from shared.domain.policy.situation import Variables
from shared.domain.replay import Replay, replay
from shared.domain.retrace import WithoutLevers, cost_of_levers, retrace
from shared.domain.rules import Rule
from shared.domain.scoring import Ranked
from shared.domain.slot_rules import SlotRules

Audience = Literal["customer", "colleague", "regulator"]
AUDIENCES: tuple[Audience, ...] = ("customer", "colleague", "regulator")


class ForCustomer(msgspec.Struct, frozen=True, kw_only=True):
    """A decision in plain words, without anything of how it was weighed.

    Attributes:
        says: the answer, a sentence each.
        looked_at: what was known of the person and looked at for it.
    """

    decision_id: str
    says: list[str]
    looked_at: list[str]


class ConditionRead(msgspec.Struct, frozen=True, kw_only=True):
    """A condition with what it read.

    Attributes:
        verdict: what it said; None where that differs from action to action.
    """

    level: str
    kind: str
    condition: str
    when: str
    on_missing: str
    verdict: str | None
    values: dict[str, Any]


class PredictorRead(msgspec.Struct, frozen=True, kw_only=True):
    """What P looked at: an attribute, its value then, None where it was missing, and the bin that this fell into."""

    reads: str
    value: Any
    bin: str


class ForRegulator(Explanation, frozen=True, kw_only=True):
    """Everything: what a colleague is told, and all that it rests on.

    Attributes:
        record: the record, whole.
        record_digest: SHA-256 of its canonical form, in hexadecimal.
        replay: whether the record comes to the same when the decision is made again.
        catalogue: the name of the catalogue that the revision is of.
        models: the version of the models that said P.
        weights: the exponents of the factors.
        ranked: every candidate with its factors, best first.
        means: by candidate what its P was drawn around; none where P is the models' mean itself.
        said_by: of the candidates P of which an estimator from outside said, which.
        predictors: what P looked at.
        conditions: every condition of the revision, with what it read.
        rules: every rule of contact policy, as the revision has it.
        slots: what the treatments of one request obey together, as the revision has it.
        without_levers: what the decision would have come to with every lever at 1; None where nothing ranked.
    """

    record: DecisionRecord
    record_digest: str
    replay: Replay
    catalogue: str
    models: str
    weights: Weights
    ranked: list[Ranked]
    means: dict[str, float]
    said_by: dict[str, str]
    predictors: list[PredictorRead]
    conditions: list[ConditionRead]
    rules: tuple[Rule, ...]
    slots: SlotRules
    without_levers: WithoutLevers | None


Told = ForCustomer | Explanation | ForRegulator


def tell(policy: Policy, record: DecisionRecord, audience: Audience = "colleague", action: str | None = None) -> Told:
    """Explain a decision to somebody.

    Args:
        policy: the revision that the record names.
        record: the decision.
        audience: who asks.
        action: one of which it is asked why it was not chosen; a customer is told in plain words.

    Raises:
        NotFoundError: there is no such action.
    """
    if audience == "customer":
        return _for_customer(policy, record, action)
    explanation = explain(policy, record, action)
    return explanation if audience == "colleague" else _for_regulator(policy, record, explanation)


_WITHHELD = {
    "consent": "You have not agreed to hear from us about this in this way.",
    "preference": "You asked us to be in touch less often.",
    "cap": "We have been in touch often enough lately.",
    "cooldown": "We have been in touch about this lately.",
    "quiet_hours": "We do not get in touch at this time of day.",
}
_HELD_BACK = "We are holding such messages back at present."


def _for_customer(policy: Policy, record: DecisionRecord, action: str | None) -> ForCustomer:
    revision = policy.revision
    names = [name_of(revision, chosen.treatment) for chosen in record.chosen]
    says = []
    if names:
        says.append(f"We chose “{'”, “'.join(dict.fromkeys(names))}” for you: of what we have, it suits you best now.")
    elif record.result == "excluded":
        says.append("We make no suggestions to you at present.")
    elif record.result == "nothing_qualified":
        says.append("We made no suggestion: nothing of what we have suits you at the moment.")
    elif record.deferred is not None:
        until = moment(record.deferred.until, policy.contact_rules.zone_of(record.profile))
        name = name_of(revision, record.deferred.treatment)
        says += [f"“{name}” waits until {until}; we look again then.", _WITHHELD["quiet_hours"]]
    else:
        says.append("We made no suggestion.")
        whys = [_why_withheld(policy, each) for each in record.stops]
        says += dict.fromkeys(sentence for why in zip(*whys, strict=True) for sentence in why if sentence)
    if action is not None:
        says.append(_not_that(policy, record, action))
    return ForCustomer(decision_id=record.decision_id, says=says, looked_at=_looked_at(policy, record))


def _why_withheld(policy: Policy, withheld: Withheld | WithheldRows) -> tuple[str, str]:
    """Why, in our words, and in those of the rule where they are written for customers and it does more than keep to
    what the customer asked for.
    """
    rule = next((rule for rule in policy.revision.catalogue.rules if rule.id == withheld.rule), None)
    if is_as_wanted(rule, withheld):
        return _WITHHELD["preference"], ""
    if rule is None or withheld.kind not in _WITHHELD:
        return _HELD_BACK, ""
    return _WITHHELD[withheld.kind], rule.reason


def _not_that(policy: Policy, record: DecisionRecord, action_id: str) -> str:
    asked = policy.revision.action(action_id)
    own = {treatment.id for treatment in asked.treatments}
    if own & {chosen.treatment for chosen in record.chosen}:
        return f"“{asked.name}” is what we chose."
    withheld = next((each for each in withheld_in(policy, record) if each.treatment in own), None)
    if withheld is not None:
        return f"Not “{asked.name}”: {' '.join(_why_withheld(policy, withheld))}".rstrip()
    if record.deferred is not None and record.deferred.treatment in own:
        return f"“{asked.name}” is what waits."
    if own & known(policy, record).keys():
        return f"Not “{asked.name}”: something else suited you better."
    return f"Not “{asked.name}”: it was not meant for you at that moment."


def _looked_at(policy: Policy, record: DecisionRecord) -> list[str]:
    """What is known of the person that the conditions of what was chosen read, or of all where nothing was, and
    propensity where anything was ranked.
    """
    revision = policy.revision
    chosen = [revision.treatments[c.treatment] for c in record.chosen if c.treatment in revision.treatments]
    numbers = {n for action, treatment in chosen for n in (*action.conditions, *treatment.conditions)}
    conditions = revision.catalogue.conditions
    asked = [conditions[n] for n in sorted(numbers)] if chosen else conditions
    schema = revision.catalogue.profile_schema
    names = {path[1] for c in asked for path in policy.program(c.when).reads if path[0] == "profile" and len(path) > 1}
    if count(record):
        names |= {p.reads.removeprefix("profile.") for p in revision.catalogue.predictors if p.reads[:8] == "profile."}
    return sorted(name.replace("_", " ") for name in names if name in schema or name in ("brands", "products"))


def _for_regulator(policy: Policy, record: DecisionRecord, explanation: Explanation) -> ForRegulator:
    catalogue = policy.revision.catalogue
    situation = policy.situation(record.profile, record.signal, record.decided_at)
    conditions = []
    for condition in catalogue.conditions:
        reads = policy.program(condition.when).reads
        apart = any(path[0] in CANDIDATE for path in reads)
        conditions.append(
            ConditionRead(
                level=condition.level,
                kind=condition.kind,
                condition=condition.name,
                when=condition.when,
                on_missing=condition.on_missing,
                verdict=None if apart else policy.verdict(condition, situation).value,
                values=values_read(policy, condition.when, record),
            )
        )
    scored = retrace(policy, record).scoring
    return ForRegulator(
        **msgspec.structs.asdict(explanation),
        record=record,
        record_digest=hashlib.sha256(canonical(record)).hexdigest(),
        replay=replay(policy, record),
        catalogue=catalogue.name,
        models=record.models,
        weights=catalogue.weights,
        ranked=list(scored or ()),
        means={treatment: float(f"{mean:.3g}") for treatment, mean in means(policy, record).items()},
        said_by=said_by(policy, record),
        predictors=_predictors(policy, record, situation) if count(record) else [],
        conditions=conditions,
        rules=catalogue.rules,
        slots=catalogue.slots,
        without_levers=cost_of_levers(policy, record, scored) if scored is not None else None,
    )


def _predictors(policy: Policy, record: DecisionRecord, situation: Variables) -> list[PredictorRead]:
    predictors = policy.factors.predictors
    every = zip(policy.revision.catalogue.predictors, predictors.says, predictors(situation), strict=True)
    return [
        PredictorRead(reads=each.reads, value=value_at(tuple(each.reads.split(".")), record), bin=says[number])
        for each, says, number in every
    ]
