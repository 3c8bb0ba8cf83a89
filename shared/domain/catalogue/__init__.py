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
from shared.domain.catalogue.conditions import POLICY_KINDS, Condition, Exclusion, Expression, PolicyKind
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
from shared.domain.catalogue.revision import Catalogue, Named, Revision
from shared.domain.catalogue.surroundings import (
    Attribute,
    AttributeType,
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
    "Attribute",
    "AttributeType",
    "AttributeValue",
    "Authentication",
    "BodySignature",
    "Catalogue",
    "Channel",
    "Condition",
    "ContextWeight",
    "Count",
    "Decayed",
    "Distinct",
    "Exclusion",
    "Exploration",
    "Expression",
    "FirstSeen",
    "Format",
    "KeyringKey",
    "LastSeen",
    "Named",
    "Namespace",
    "NumericPredictor",
    "OidcToken",
    "Placement",
    "PlainType",
    "PolicyKind",
    "Predictor",
    "PublicKey",
    "RateLimit",
    "Revision",
    "Sequence",
    "SignalType",
    "Source",
    "SourceKey",
    "StandardWebhooks",
    "Starting",
    "Step",
    "Sum",
    "SymbolicPredictor",
    "TimedSignature",
    "Treatment",
    "Trigger",
    "Weights",
    "facts",
]
