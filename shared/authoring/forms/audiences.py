"""audiences.yaml: whom waves go to."""

from __future__ import annotations

from shared.authoring.forms.form import Form
from shared.domain.catalogue import Audience


class Audiences(Form, frozen=True, kw_only=True):
    """audiences.yaml.

    Attributes:
        audiences: each with its SQL, what that may read, and the volume that its waves may take.
    """

    audiences: tuple[Audience, ...] = ()
