"""What a catalogue says of arbitration: weights, and what propensity looks at."""

from typing import Annotated, Literal

from msgspec import Meta, Raw

from shared.domain.part import Cel, Factor, Id, Name, Part, Read, Text
from shared.domain.rules import Scope

MOST_BINS = 62
"""Edges or values of a predictor, so that each of its bins has a character of its own."""


class ContextWeight(Part, frozen=True, kw_only=True):
    """A weight on what is in scope while a condition holds.

    Attributes:
        name: what explanations call it.
        when: CEL over profile, signal, context and now.
        weight: what C is multiplied by while it holds, 0 to 10.
        scope: what it raises or lowers; everything where it is empty.
    """

    name: Name
    when: Cel
    weight: Factor
    scope: Scope = Scope()


class Weights(Part, frozen=True, kw_only=True):
    """Exponents of the four factors of priority, each 0 to 10.

    Attributes:
        propensity: of P.
        context: of C.
        value: of V.
        lever: of L.
    """

    propensity: Factor = 1.0
    context: Factor = 1.0
    value: Factor = 1.0
    lever: Factor = 1.0


class NumericPredictor(Part, frozen=True, kw_only=True, tag="numeric", tag_field="kind"):
    """A number that propensity looks at, by the bin that it falls into.

    Attributes:
        reads: the attribute, such as profile.balance.
        edges: where bins meet, ascending; a number at an edge is in the bin above it. What is missing is a bin as well.
    """

    reads: Read
    edges: Annotated[tuple[float, ...], Meta(min_length=1, max_length=MOST_BINS)]


class SymbolicPredictor(Part, frozen=True, kw_only=True, tag="symbolic", tag_field="kind"):
    """A word, or a yes or no, that propensity looks at: each value is a bin, the others are one, and what is missing is
    one as well.

    Attributes:
        reads: the attribute, such as profile.job.
        values: those with a bin of their own; where none are given, those that schema.yaml lists for the attribute.
    """

    reads: Read
    values: Annotated[tuple[Text, ...], Meta(max_length=MOST_BINS)] = ()


Predictor = NumericPredictor | SymbolicPredictor

MOST_PARENTS = 3

Deadline = Annotated[int, Meta(ge=1, le=2000)]
"""Milliseconds that a decision waits for somebody else at the most."""


class Challenger(Part, frozen=True, kw_only=True):
    """Another way of scoring by the same counts, which scores every decision and touches none.

    Attributes:
        without: the predictors that it does not look at, by what they read.
        parents: those of the parents that it listens to.
    """

    without: tuple[Read, ...] = ()
    parents: tuple[Read, ...] = ()


class Learning(Part, frozen=True, kw_only=True):
    """How models learn from outcomes.

    Attributes:
        parents: predictors whose bins are counted together with those of each other predictor, so that models know
            what two say together; each is the reads of a predictor.
        alike: groups of predictors that say much the same: a model counts all, and listens to the one of each that
            tells best.
        alike_from: the association from which on predictors are of one group as well, as it is found night by night by
            counting pairs of them; without it only those declared are.
        half_life_days: after how many days an outcome counts half as much; where there is none it counts for ever.
        calibrated: whether what came of those to whom a model's score said so corrects what it says.
        challenger: what scores beside the models, to be held against them; it takes calibrated ones.
    """

    parents: Annotated[tuple[Read, ...], Meta(max_length=MOST_PARENTS)] = ()
    alike: tuple[Annotated[tuple[Read, ...], Meta(min_length=2)], ...] = ()
    alike_from: Annotated[float, Meta(ge=0.5, le=1)] | None = None
    half_life_days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    calibrated: bool = False
    challenger: Challenger | None = None


class DeclaredEstimator(Part, frozen=True, kw_only=True):
    """An estimator from outside, `shared.domain.estimators`: a challenger that is held against the models every night,
    or, once it serves, what says P of the treatments in its scope.

    Attributes:
        name: what it is called.
        estimator: what it is, as its file says it in JSON.
        scope: the treatments that it is held against the models for, and that it says P of.
        serves: whether it says P in the models' place; they go on learning, and are held against it.
        deadline_ms: within which it has said P of all that is asked about in a decision. Otherwise the models say it.
    """

    name: Id
    estimator: Raw
    scope: Scope = Scope()
    serves: bool = False
    deadline_ms: Deadline = 100


Effect = Literal["acceptance", "uplift"]
"""What counts of a treatment: that it is accepted, or how much more it is for being given: P less the share that
accepts anyway.
"""

Exploration = Literal["off", "thompson"]
