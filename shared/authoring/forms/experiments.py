"""experiments.yaml: persons parted by a hash, for whom something differs."""

from __future__ import annotations

from shared.authoring.forms.form import Form
from shared.domain.catalogue import Experiment


class Experiments(Form, frozen=True, kw_only=True):
    """experiments.yaml.

    Attributes:
        experiments: each parts all persons anew, independently of the others.
    """

    experiments: tuple[Experiment, ...] = ()
