"""features.yaml and triggers.yaml: what signals keep up to date on the profile, and which of them start a decision."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from shared.authoring.forms.form import Form
from shared.domain.catalogue import AnyFeature, Trigger
from shared.domain.catalogue.features import MOST_FEATURES


class Features(Form, frozen=True, kw_only=True):
    """features.yaml.

    Attributes:
        features: what signals keep up to date on the profile.
    """

    features: Annotated[tuple[AnyFeature, ...], Meta(max_length=MOST_FEATURES)] = ()


class Triggers(Form, frozen=True, kw_only=True):
    """triggers.yaml; without it, every signal starts a decision.

    Attributes:
        triggers: which signals start a decision, in the order in which they are asked.
    """

    triggers: Annotated[tuple[Trigger, ...], Meta(min_length=1)] = ()
