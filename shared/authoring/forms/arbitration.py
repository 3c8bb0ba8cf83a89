"""arbitration.yaml: how what qualifies is ranked."""

from __future__ import annotations

from shared.authoring.forms.form import Form
from shared.domain.catalogue import (
    ContextWeight,
    Effect,
    Exploration,
    Learning,
    NumericPredictor,
    SymbolicPredictor,
    Weights,
)
from shared.domain.catalogue.arbitration import Deadline
from shared.domain.part import Id
from shared.domain.rules import Scope
from shared.domain.slot_rules import SlotRules


class Estimator(Form, frozen=True, kw_only=True):
    """An estimator from outside that a file in estimators/ declares.

    Attributes:
        name: that of its file, without .json, and of what is in it.
        scope: the treatments that it is held against the models for, and that it says P of.
        serves: whether it says P in the models' place, rather than being held against them.
        deadline_ms: within which it has to have said P of all that a decision asks about; otherwise the models say it.
    """

    name: Id
    scope: Scope = Scope()
    serves: bool = False
    deadline_ms: Deadline = 100


class Arbitration(Form, frozen=True, kw_only=True):
    """arbitration.yaml.

    Attributes:
        weights: exponents of the four factors of priority.
        context_weights: what in a context raises or lowers C.
        slots: what the treatments of one request obey together.
        predictors: what of a person and moment P looks at.
        exploration: whether P is the models' mean (off) or drawn from what they know (thompson).
        effect: what counts of a treatment: P itself (acceptance), or P less the action's anyway (uplift).
        learning: how models learn from outcomes.
        estimators: those from outside that challenge the models, or serve in their place.
    """

    weights: Weights = Weights()
    context_weights: tuple[ContextWeight, ...] = ()
    slots: SlotRules = SlotRules()
    predictors: tuple[NumericPredictor | SymbolicPredictor, ...] = ()
    exploration: Exploration = "off"
    effect: Effect = "acceptance"
    learning: Learning = Learning()
    estimators: tuple[Estimator, ...] = ()
