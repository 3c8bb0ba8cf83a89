"""The catalogue as a revision holds it: immutable, content-addressed, with inheritance already worked out.

The files that people write are turned into a revision by `shared.authoring`; what decides only ever sees this.
"""

from shared.domain.catalogue.actions import Action, Active, AttributeValue, Starting, Treatment, facts
from shared.domain.catalogue.arbitration import (
    MOST_BINS,
    ContextWeight,
    Exploration,
    NumericPredictor,
    Predictor,
    SymbolicPredictor,
    Weights,
)
from shared.domain.catalogue.authentication import (
    Authentication,
    BodySignature,
    KeyringKey,
    OidcToken,
    PublicKey,
    RateLimit,
    SourceKey,
    StandardWebhooks,
    TimedSignature,
)
from shared.domain.catalogue.callbacks import Callback
from shared.domain.catalogue.conditions import POLICY_KINDS, Condition, Exclusion, Expression, PolicyKind
from shared.domain.catalogue.consent import ConsentTerms, ModeUse, Objection, Tcf, TcfUse
from shared.domain.catalogue.experiments import Arm, ArmLever, Experiment, RanksBy
from shared.domain.catalogue.features import (
    AnyFeature,
    Count,
    Decayed,
    Distinct,
    FirstSeen,
    LastSeen,
    Sequence,
    Step,
    Sum,
    Trigger,
)
from shared.domain.catalogue.formats import BUILT_IN_FORMATS, Format
from shared.domain.catalogue.pacing import Breaker, SendRate
from shared.domain.catalogue.revision import Catalogue, Named, Revision
from shared.domain.catalogue.surroundings import (
    Attribute,
    AttributeType,
    Blocked,
    Channel,
    Namespace,
    Placement,
    PlainType,
    SignalType,
    Source,
)

__all__ = [
    "BUILT_IN_FORMATS",
    "MOST_BINS",
    "POLICY_KINDS",
    "Action",
    "Active",
    "AnyFeature",
    "Arm",
    "ArmLever",
    "Attribute",
    "AttributeType",
    "AttributeValue",
    "Authentication",
    "Blocked",
    "BodySignature",
    "Breaker",
    "Callback",
    "Catalogue",
    "Channel",
    "Condition",
    "ConsentTerms",
    "ContextWeight",
    "Count",
    "Decayed",
    "Distinct",
    "Exclusion",
    "Experiment",
    "Exploration",
    "Expression",
    "FirstSeen",
    "Format",
    "KeyringKey",
    "LastSeen",
    "ModeUse",
    "Named",
    "Namespace",
    "NumericPredictor",
    "Objection",
    "OidcToken",
    "Placement",
    "PlainType",
    "PolicyKind",
    "Predictor",
    "PublicKey",
    "RanksBy",
    "RateLimit",
    "Revision",
    "SendRate",
    "Sequence",
    "SignalType",
    "Source",
    "SourceKey",
    "StandardWebhooks",
    "Starting",
    "Step",
    "Sum",
    "SymbolicPredictor",
    "Tcf",
    "TcfUse",
    "TimedSignature",
    "Treatment",
    "Trigger",
    "Weights",
    "facts",
]
