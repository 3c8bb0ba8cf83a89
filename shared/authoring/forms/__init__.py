"""The files of a catalogue as people write them: which fields each has and what may stand in them.

This is the whole format. `shared.authoring.reading` reads files by these types, `shared.authoring.building` turns them
into the catalogue of a revision. What people write down just as a revision holds it is a `Part` of `shared.domain`.
"""

from shared.authoring.forms.actions import Action, Actions, Treatment
from shared.authoring.forms.arbitration import Arbitration, Estimator
from shared.authoring.forms.audiences import Audiences
from shared.authoring.forms.bank import Bank, Brand, Group, Issue, Level
from shared.authoring.forms.connectors import Connectors
from shared.authoring.forms.consent import Consent
from shared.authoring.forms.contact_policy import Cap, ContactPolicy, Cooldown, Holidays, QuietHours, Rule
from shared.authoring.forms.experiments import Experiments
from shared.authoring.forms.fairness import Fairness
from shared.authoring.forms.form import PATTERNS, Form
from shared.authoring.forms.formats import Example, Examples, Expected, Format
from shared.authoring.forms.frames import Frame, Frames
from shared.authoring.forms.gates import Gates
from shared.authoring.forms.policy import Condition, Policy
from shared.authoring.forms.signals import Features, Triggers
from shared.authoring.forms.surroundings import (
    Attribute,
    Callbacks,
    Channel,
    Channels,
    Identity,
    PlainAttribute,
    Property,
    Schema,
    SignalType,
    Sources,
)

__all__ = [
    "PATTERNS",
    "Action",
    "Actions",
    "Arbitration",
    "Attribute",
    "Audiences",
    "Bank",
    "Brand",
    "Callbacks",
    "Cap",
    "Channel",
    "Channels",
    "Condition",
    "Connectors",
    "Consent",
    "ContactPolicy",
    "Cooldown",
    "Estimator",
    "Example",
    "Examples",
    "Expected",
    "Experiments",
    "Fairness",
    "Features",
    "Form",
    "Format",
    "Frame",
    "Frames",
    "Gates",
    "Group",
    "Holidays",
    "Identity",
    "Issue",
    "Level",
    "PlainAttribute",
    "Policy",
    "Property",
    "QuietHours",
    "Rule",
    "Schema",
    "SignalType",
    "Sources",
    "Treatment",
    "Triggers",
]
