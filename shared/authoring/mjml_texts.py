"""E-mail written in MJML: made into HTML when a catalogue is built, so that what renders it needs none."""

from __future__ import annotations

import re

import mjml

from shared.authoring.places import Place
from shared.authoring.problems import Problems

BEGINS = "<mjml"
_TAG = re.compile(r"<(mj-[a-z-]+)")
_KNOWN = frozenset(
    [
        "mj-accordion",
        "mj-accordion-element",
        "mj-accordion-text",
        "mj-accordion-title",
        "mj-all",
        "mj-attributes",
        "mj-body",
        "mj-breakpoint",
        "mj-button",
        "mj-carousel",
        "mj-carousel-image",
        "mj-class",
        "mj-column",
        "mj-divider",
        "mj-font",
        "mj-group",
        "mj-head",
        "mj-hero",
        "mj-image",
        "mj-navbar",
        "mj-navbar-link",
        "mj-preview",
        "mj-raw",
        "mj-section",
        "mj-social",
        "mj-social-element",
        "mj-spacer",
        "mj-style",
        "mj-table",
        "mj-text",
        "mj-title",
        "mj-wrapper",
    ]
)
"""All of MJML's but mj-include, which would read other files."""


def unknown_tags(text: str, place: Place, problems: Problems) -> bool:
    """Whether a text in MJML has tags that are none of it, which are noted."""
    unknown = [found for found in _TAG.finditer(text) if found[1] not in _KNOWN]
    for found in unknown:
        problems.add(place.character(found.start(1)), f"unknown tag {found[1]}", wrote=found[1], known=_KNOWN)
    return bool(unknown)


def html_of(text: str, place: Place, problems: Problems) -> str:
    """The HTML of a text in MJML whose tags are known, its places for values as they were; any other text as it is."""
    if not text.lstrip().startswith(BEGINS):
        return text
    try:
        return str(mjml.mjml2html(text, disable_comments=True))
    except (ValueError, TypeError) as error:
        problems.add(place, f"not MJML: {error}")
        return text
