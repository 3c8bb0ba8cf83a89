"""consent.yaml: whose words count for the whole group, and what proofs made by others mean here."""

from __future__ import annotations

from shared.authoring.forms.form import Form
from shared.domain.catalogue import ModeUse, Objection, Tcf
from shared.domain.rules import Purpose


class Consent(Form, frozen=True, kw_only=True):
    """consent.yaml.

    Attributes:
        group_wide: purposes for which a grant that names no brand serves every brand.
        tcf: what TC strings mean.
        consent_mode: what Google's Consent Mode means.
        objections: rights to object that are exercised as a consent is withdrawn.
    """

    group_wide: tuple[Purpose, ...] = ()
    tcf: Tcf = Tcf()
    consent_mode: tuple[ModeUse, ...] = ()
    objections: tuple[Objection, ...] = ()
