"""Content: a treatment's templates, rendered for one person and escaped for their medium."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from shared.domain.catalogue import Action, Revision, Treatment
from shared.domain.errors import PermanentError
from shared.domain.profile import Profile

# Plain text whatever the medium: an e-mail's subject is a header, not markup.
_PLAIN_FIELDS = frozenset({"subject"})

_ENVIRONMENTS = {
    escapes: ImmutableSandboxedEnvironment(autoescape=escapes, undefined=StrictUndefined) for escapes in (True, False)
}


@lru_cache(maxsize=4096)
def template(text: str, *, escapes: bool) -> Template:
    """A compiled template; what it reads must be there or have a fallback.

    Raises:
        jinja2.TemplateError: the text is no template.
    """
    return _ENVIRONMENTS[escapes].from_string(text)


def render(revision: Revision, action: Action, treatment: Treatment, profile: Profile) -> dict[str, str]:
    """Every field of a treatment's content, rendered. An attribute that is null is one that is not there.

    Raises:
        PermanentError: a template reads what is not there, or does with a value of this person what cannot be done.
    """
    medium = revision.channels[treatment.channel].medium
    seen: Mapping[str, Any] | None = None
    rendered = {}
    for field, text in treatment.content.items():
        try:
            if "{" in text:
                seen = seen or _seen(revision, action, profile)
                escapes = medium == "html" and field not in _PLAIN_FIELDS
                rendered[field] = template(text, escapes=escapes).render(seen)
            else:
                rendered[field] = text
        except TemplateError as error:
            raise PermanentError(f"content {field!r} of {treatment.id}: {error}") from error
        except Exception as error:
            # a filter may raise anything over a value of another type than declared; its words may quote the value
            raise PermanentError(f"content {field!r} of {treatment.id}: {type(error).__name__}") from error
    return rendered


def _seen(revision: Revision, action: Action, profile: Profile) -> Mapping[str, Any]:
    """What templates read."""
    return {
        "profile": {name: value for name, value in profile.attributes.items() if value is not None},
        "action": {"id": action.id, "name": action.name},
        "brand": {"id": action.brand, "name": revision.brands[action.brand].name},
    }
