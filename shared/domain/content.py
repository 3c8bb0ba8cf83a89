"""Content: a treatment's templates, rendered for one person in their language and escaped for their medium."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Any

import msgspec
from jinja2 import Template, TemplateError
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Call, Filter, For
from markupsafe import Markup

from shared.domain.catalogue import Action, Channel, ContentField, ContentService, Fragment, Medium, Revision, Treatment
from shared.domain.errors import PermanentError
from shared.domain.links import check_target, origin_of
from shared.domain.localised import LOCALE, TIME_ZONE, locale_of
from shared.domain.outgoing import in_url
from shared.domain.plain_text import plain_text
from shared.domain.profile import Profile
from shared.domain.sandbox import LOOK, MOST_MADE, Sandbox
from shared.domain.sms import segments

Fragments = Callable[[ContentService, Fragment, str], Mapping[str, str]]
"""What a content service says of a fragment in a language; nothing where it does not answer."""

NO_FRAGMENTS: Fragments = lambda _service, _fragment, _language: {}  # noqa: E731
"""No content services: templates fall back on what they say themselves."""

LANGUAGE = "language"
"""The attribute that says which language a person reads."""

MOST_CHARACTERS = 500_000
"""Of one field."""

MOST_SECONDS = 1.0
"""By the clock, that a content may take to render; looked at before each filter, at each turn of a loop and after each
piece that is written.
"""

NO_CLOCK: Callable[[], float] = lambda: 0.0  # noqa: E731
"""Says that no time passes: a preview may take what it takes."""

Look = Callable[[int], None]
"""Looks at the clock, and is told how many characters and items were made since it looked last."""

NO_LOOK: Look = lambda _made: None  # noqa: E731
"""Looks at no clock."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u2028\u2029]")
_BREAKS = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\s]+")
_HEADER = ContentField(medium="header")


def _words(value: Any) -> str:
    """A value as text; of markup its words."""
    return plain_text(str(value)).strip() if isinstance(value, Markup) else str(value)


_ESCAPES: Mapping[Medium, Callable[[Any], str]] = {
    "text": lambda value: _CONTROL.sub("", _words(value)),
    "sms": lambda value: _CONTROL.sub("", _words(value)),
    "header": lambda value: _BREAKS.sub(" ", _words(value)),
    "url": lambda value: in_url(_words(value)),
    "json": lambda value: msgspec.json.encode(_words(value)).decode()[1:-1],
}
"""What a value becomes in each medium; in HTML it is escaped as markup."""


@cache
def environment(medium: Medium) -> Sandbox:
    """What templates of a medium are compiled by."""
    return Sandbox(autoescape=medium == "html", finalize=_ESCAPES.get(medium))


@lru_cache(maxsize=4096)
def template(text: str, medium: Medium) -> Template:
    """A compiled template; what it reads must be there or have a fallback.

    Raises:
        jinja2.TemplateError: the text is no template.
    """
    return environment(medium).from_string(text)


@lru_cache(maxsize=4096)
def reads_fragments_alone(text: str, medium: Medium) -> bool:
    """Whether what a template becomes depends on nothing but what a content service says: then it is the same for
    every person.

    Raises:
        jinja2.TemplateError: the text is no template.
    """
    parsed = environment(medium).parse(text)
    filters = {each.name for each in parsed.find_all(Filter)}
    return (
        find_undeclared_variables(parsed) == {"fragment"}
        and filters <= {"default"}
        and next(parsed.find_all((Call, For)), None) is None
    )


@lru_cache(maxsize=512)
def _of_fragment(text: str, medium: Medium, fragment: tuple[tuple[str, str], ...]) -> str:
    """What such a template becomes by what a content service says."""
    return _written(template(text, medium), {"fragment": dict(fragment)}, NO_LOOK)


def field_of(channel: Channel, name: str) -> ContentField:
    """What is known of a field of a channel's content. An e-mail's subject is a header, not markup."""
    found = channel.content.get(name)
    if found is not None:
        return found
    return _HEADER if name == "subject" else ContentField(medium=channel.medium)


def language_of(treatment: Treatment, attributes: Mapping[str, Any]) -> str | None:
    """The language that a treatment is said in to a person: their own where it is translated, the bank's otherwise,
    which is None.
    """
    wanted = attributes.get(LANGUAGE) if treatment.translations else None
    if not isinstance(wanted, str):
        return None
    tag = wanted.replace("_", "-").lower()
    return next((each for each in (tag, tag.partition("-")[0]) if each in treatment.translations), None)


def render(
    revision: Revision,
    action: Action,
    treatment: Treatment,
    profile: Profile,
    links: Mapping[str, str] | None = None,
    fragments: Fragments = NO_FRAGMENTS,
    *,
    timer: Callable[[], float] = NO_CLOCK,
) -> dict[str, str]:
    """Every field of a treatment's content, rendered. An attribute that is null is one that is not there; `links` are
    there only in what is sent, and `fragments` what content services say; `timer` tells the time in seconds.

    Raises:
        PermanentError: a template reads what is not there, does with a value of this person what cannot be done, or
            takes too long.
    """
    channel = revision.channels[treatment.channel]
    language = language_of(treatment, profile.attributes)
    texts = treatment.content if language is None else {**treatment.content, **treatment.translations[language]}
    seen: Mapping[str, Any] | None = None
    look = NO_LOOK
    fragment: Mapping[str, str] | None = None
    rendered = {}
    for name, text in texts.items():
        try:
            if "{" in text:
                field = field_of(channel, name)
                if fragment is None:
                    fragment = _fragment(revision, treatment, language, fragments)
                    look = _looking(timer)
                if reads_fragments_alone(text, field.medium):
                    said = _of_fragment(text, field.medium, tuple(fragment.items()))
                else:
                    seen = seen or {
                        **_seen(revision, action, profile, language),
                        "links": links or {},
                        "fragment": fragment,
                        LOOK: look,
                    }
                    said = _written(template(text, field.medium), seen, look)
                rendered[name] = fitting(said, field, text)
            else:
                rendered[name] = text
        except TemplateError as error:
            raise PermanentError(f"content {name!r} of {treatment.id}: {error}") from error
        except PermanentError as error:
            raise PermanentError(f"content {name!r} of {treatment.id}: {error}") from None
        except Exception as error:
            # a filter may raise anything over a value of another type than declared; its words may quote the value
            raise PermanentError(f"content {name!r} of {treatment.id}: {type(error).__name__}") from error
    return rendered


def _looking(timer: Callable[[], float]) -> Look:
    """What looks at the clock from now on, and raises PermanentError once the time is over or too much was made."""
    if timer is NO_CLOCK:
        return NO_LOOK
    until, left = timer() + MOST_SECONDS, MOST_MADE

    def look(made: int) -> None:
        nonlocal left
        left -= made
        if left < 0:
            raise PermanentError(f"makes more than {MOST_MADE} characters on its way")
        if timer() > until:
            raise PermanentError(f"takes more than {MOST_SECONDS:g} s to render")

    return look


def _written(of: Template, seen: Mapping[str, Any], look: Look) -> str:
    """A template's text, as far as it is neither too long nor too slow."""
    pieces, length = [], 0
    for piece in of.generate(seen):
        pieces.append(piece)
        length += len(piece)
        if length > MOST_CHARACTERS:
            raise PermanentError(f"becomes more than {MOST_CHARACTERS} characters")
        look(0)
    return "".join(pieces)


def segments_of(channel: Channel, content: Mapping[str, str]) -> int:
    """How many text messages a rendered content is, on a channel that is priced by them; 0 on any other."""
    if channel.priced_by != "segment":
        return 0
    fields = (name for name, field in channel.content.items() if field.medium == "sms" and name in content)
    return sum(segments(content[name]) for name in fields)


def fitting(text: str, field: ContentField, written: str) -> str:
    """A rendered text as its medium takes it; `written` is its template.

    Raises:
        PermanentError: it does not fit: more messages than it may become, an address that leads elsewhere than its
            template says, no JSON, or longer than any message is.
    """
    if len(text) > MOST_CHARACTERS:
        raise PermanentError(f"becomes {len(text)} characters, more than {MOST_CHARACTERS}")
    match field.medium:
        case "header":
            return _BREAKS.sub(" ", text).strip()
        case "sms":
            if field.most_segments is not None and segments(text) > field.most_segments:
                raise PermanentError(f"becomes {segments(text)} messages, more than {field.most_segments}")
        case "url":
            check_target(text)
            if origin_of(text) != origin_of(written):
                raise PermanentError("leads to another host than its template names")
        case "json":
            try:
                msgspec.json.decode(text)
            except msgspec.MsgspecError:
                raise PermanentError("is no JSON") from None
        case _:
            pass
    return text


def _fragment(
    revision: Revision, treatment: Treatment, language: str | None, fragments: Fragments
) -> Mapping[str, str]:
    """What a content service says of a treatment."""
    if treatment.fragment is None:
        return {}
    service = revision.content_services[treatment.fragment.service]
    return fragments(service, treatment.fragment, language or revision.catalogue.locale.partition("-")[0])


def _seen(revision: Revision, action: Action, profile: Profile, language: str | None) -> Mapping[str, Any]:
    """What templates read."""
    bank = revision.catalogue.locale
    known = {name: value for name, value in profile.attributes.items() if value is not None}
    return {
        "profile": known,
        "action": {"id": action.id, "name": action.name},
        "brand": {"id": action.brand, "name": revision.brands[action.brand].name},
        LOCALE: locale_of(language or bank, bank),
        TIME_ZONE: known.get("time_zone", revision.catalogue.time_zone),
    }
