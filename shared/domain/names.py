"""Names of persons as they are written and greeted: filters of templates.

A name in the writing of China, Japan or Korea has the family's name first, whatever the language of the text; any other
has it as that language does. A greeting never takes a side on gender, so nothing has to be known of it, and is made of
what there is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from shared.domain.localised import LOCALE

_EAST_ASIAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_FAMILY_FIRST = frozenset({"hu", "ja", "km", "ko", "vi", "yue", "zh"})
_GREETINGS: Mapping[str, tuple[str, str]] = {
    "cy": ("Annwyl {}", "Annwyl gwsmer"),
    "de": ("Guten Tag {}", "Guten Tag"),
    "en": ("Dear {}", "Dear customer"),
    "es": ("Hola, {}", "Hola"),
    "fr": ("Bonjour {}", "Bonjour"),
    "hu": ("Kedves {}!", "Kedves Ügyfelünk!"),
    "it": ("Buongiorno {}", "Buongiorno"),
    "ja": ("{} 様", "お客様"),
    "nl": ("Beste {}", "Beste klant"),
    "pl": ("Dzień dobry, {}", "Dzień dobry"),
    "pt": ("Olá, {}", "Olá"),
}
"""By language: how somebody is greeted by name, and how whose name is not known."""


@pass_context
def fullname(context: Context, given: Any, family: Any = "") -> str:
    """A person's name, such as Ann Jones, in Hungarian Jones Ann; of what is not known, the rest of it."""
    parts = [part for part in (_name(given), _name(family)) if part]
    if _EAST_ASIAN.search("".join(parts)):
        return "".join(reversed(parts))
    return " ".join(reversed(parts) if _language(context) in _FAMILY_FIRST else parts)


@pass_context
def greeting(context: Context, given: Any, family: Any = "", title: Any = "") -> str:
    """How a letter begins, such as Dear Ms Jones; without a title Dear Ann Jones, without a name Dear customer.

    In a language whose greetings are not known here it is the name alone, or nothing.
    """
    formal = _name(title) and _name(family) and not _EAST_ASIAN.search(_name(family))
    name = f"{_name(title)} {_name(family)}" if formal else fullname(context, given, family)
    by_name, without = _GREETINGS.get(_language(context), ("{}", ""))
    return by_name.format(name) if name else without


NAME_FILTERS: Mapping[str, Callable[..., str]] = {"fullname": fullname, "greeting": greeting}
"""By the names that templates call them."""


def _language(context: Context) -> str:
    language: str = context[LOCALE]
    return language.partition("_")[0]


def _name(value: Any) -> str:
    """A part of a name, in one line.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} is no name")
    return " ".join(value.split())
