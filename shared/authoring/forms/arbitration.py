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
from shared.domain.slot_rules import SlotRules


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
    """

    weights: Weights = Weights()
    context_weights: tuple[ContextWeight, ...] = ()
    slots: SlotRules = SlotRules()
    predictors: tuple[NumericPredictor | SymbolicPredictor, ...] = ()
    exploration: Exploration = "off"
    effect: Effect = "acceptance"
    learning: Learning = Learning()
