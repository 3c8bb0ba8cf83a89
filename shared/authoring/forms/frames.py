"""frames.yaml: what a brand's e-mails have around what each of them says."""

from __future__ import annotations

import msgspec

from shared.authoring.forms.form import Form
from shared.domain.part import Id, Language, Text


class Frame(Form, frozen=True, kw_only=True):
    """The MJML around what an e-mail says.

    Attributes:
        id: what treatments call it.
        brand: whose e-mails stand in it, unless a treatment names another; nobody's by itself, where it says none.
        mjml: from `<mjml>` on, with `<mj-content />` where a treatment's own sections go.
        translations: the same in other languages.
    """

    id: Id
    brand: str | None = None
    mjml: Text
    translations: dict[Language, Text] = msgspec.field(default_factory=dict)


class Frames(Form, frozen=True, kw_only=True):
    """frames.yaml.

    Attributes:
        frames: what stands around e-mails.
    """

    frames: tuple[Frame, ...] = ()
