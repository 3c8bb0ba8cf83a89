"""Frames: what a brand's e-mails have around what each of them says is written once."""

from __future__ import annotations

import re

from shared.authoring import forms
from shared.authoring.mjml_texts import BEGINS, html_of, unknown_tags
from shared.authoring.names import Names
from shared.authoring.places import Place
from shared.authoring.templates import Templates
from shared.domain.catalogue import ContentField

CONTENT = re.compile(r"<mj-content\s*/>")
"""Where in a frame a treatment's own sections go."""

_HTML = ContentField(medium="html")
_HEAD = re.compile(r"\s*(<mj-preview>.*?</mj-preview>)", re.DOTALL)
_BEGINS = "<mj-"


class Frames:
    """The frames of one catalogue."""

    def __init__(self, file: forms.Frames, names: Names, templates: Templates) -> None:
        """Check every frame by itself."""
        self._names = names
        self._templates = templates
        names.unique(file.frames, "frame")
        self._by_id = {frame.id: frame for frame in file.frames}
        self._of_brand: dict[str, forms.Frame] = {}
        for frame in file.frames:
            self._check(frame)

    def html(self, text: str, place: Place, brand: str, treatment: forms.Treatment, language: str | None) -> str:
        """The HTML of a text in MJML, in its frame where it is no whole document; any other text as it is."""
        begins = text.lstrip()
        if not begins.startswith((BEGINS, _BEGINS)) or unknown_tags(text, place, self._names.problems):
            return text
        if begins.startswith(BEGINS):
            return html_of(text, place, self._names.problems)
        frame = self._by_id.get(treatment.frame) if treatment.frame else self._of_brand.get(brand)
        if frame is None:
            of = f"no frame {treatment.frame}" if treatment.frame else f"none for {brand}"
            self._names.problems.add(place, f"MJML that does not begin with <mjml> stands in a frame: there is {of}")
            return text
        return html_of(_framed(text, frame.translations.get(language or "", frame.mjml)), place, self._names.problems)

    def _check(self, frame: forms.Frame) -> None:
        names = self._names
        if frame.brand is not None:
            names.refers("brand", frame.brand, frame, "brand")
            if self._of_brand.setdefault(frame.brand, frame) is not frame:
                names.problems.add(
                    names.place(frame, "brand"), f"{self._of_brand[frame.brand].id} is its frame already"
                )
        texts = {("mjml",): frame.mjml} | {("translations", each): text for each, text in frame.translations.items()}
        for keys, text in texts.items():
            place = names.place(frame, *keys)
            if not text.lstrip().startswith(BEGINS):
                names.problems.add(place, "does not begin with <mjml>")
            elif len(CONTENT.findall(text)) != 1:
                names.problems.add(place, "has <mj-content /> once, where what is said goes")
            elif not unknown_tags(CONTENT.sub("", text), place, names.problems):
                self._templates.check(text, place, _HTML)


def _framed(text: str, frame: str) -> str:
    """A text in its frame; what mail programs show of it before it is opened goes to the frame's head."""
    head = _HEAD.match(text)
    if head is not None:
        text = text[head.end() :]
        found = "<mj-head>" in frame
        frame = (
            frame.replace("<mj-head>", f"<mj-head>{head[1]}", 1)
            if found
            else frame.replace("<mj-body", f"<mj-head>{head[1]}</mj-head><mj-body", 1)
        )
    return CONTENT.sub(lambda _: text, frame)
