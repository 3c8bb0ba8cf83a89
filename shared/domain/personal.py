"""Personal data in a payload: nothing that is readable as an address or a number goes past the door.

Text under a name that says it is personal, and anything that is an e-mail address or an international phone number, is
replaced by a keyed hash: as a whole, in the middle of a text, in the name of a field, or as a number. So is a copy of
an identifier that the signal was sent with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from shared.domain.identifiers import keyed_hash

PERSONAL_KEYS = frozenset(
    [
        "name",
        "firstname",
        "lastname",
        "fullname",
        "middlename",
        "username",
        "address",
        "street",
        "postalcode",
        "postcode",
        "ip",
        "ipaddress",
        "ipv",  # ipV4, ipV6
        "requestip",
        "clientip",
        "userip",
        "useripaddress",
        "remoteip",
        "birthday",
        "dateofbirth",
        "birthdate",
        "phone",
        "phonenumber",
        "mobile",
        "email",
        "emailaddress",
        "agentname",
        "agentusername",
        "inviteeemail",
        "inviteefirstname",
        "inviteelastname",
    ]
)
"""Names of fields, folded to letters, whose values are personal data."""

SHORTEST_IDENTIFIER = 6
"""Characters of an identifier whose copies are looked for: a shorter one is a word that stands anywhere by chance."""

_WHOLE = 320
"""The longest text that can be an address as a whole."""

_WHOLE_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_WHOLE_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")

_PART = r"[^\s@\"'<>()\[\]{},;:=&?/\\]"
_EMAIL = re.compile(rf"(?:(?!%40){_PART}){{1,64}}(?:@|%40){_PART}{{1,190}}\.{_PART}{{1,63}}")
"""It runs on any text, so it is bounded, and there is one end to what stands before the sign."""

_PHONE = re.compile(r"(?<![\w+])\+[1-9](?:[\s().-]{0,2}[0-9]){6,14}(?![0-9])")
_NO_WORD_BEFORE, _NO_WORD_AFTER = r"(?<![^\W_])", r"(?![^\W_])"
_BETWEEN_DIGITS = r"[\s().\-_]*"


class Scrubber:
    """Replaces personal data by keyed hashes, equal values by equal hashes."""

    def __init__(
        self,
        key: bytes,
        *,
        emails: Iterable[str] = (),
        phones: Iterable[str] = (),
        identifiers: Iterable[str] = (),
        names: frozenset[str] = frozenset(),
    ) -> None:
        """Look for these raw addresses and numbers, and what stands under these names (folded to letters), besides all
        that looks personal. Of other identifiers, which are words, copies in values are looked for.
        """
        self._key = key
        self._names = names
        self._identifiers = {each for each in identifiers if len(each) >= SHORTEST_IDENTIFIER}
        self._known = [re.compile(re.escape(form), re.IGNORECASE) for raw in emails for form in _spellings(raw)]
        self._digits = {digits for raw in phones if len(digits := re.sub(r"\D", "", raw)) > 1}
        self._known += [re.compile(_BETWEEN_DIGITS.join(digits)) for digits in sorted(self._digits)]

    def text(self, value: str) -> str:
        """The same text with what is personal in it replaced."""
        if not self._known and not _may_be_personal(value):
            return value
        patterns = list(self._known)
        if "@" in value or "%40" in value:
            patterns.append(_EMAIL)
        if "+" in value:
            patterns.append(_PHONE)
        for pattern in patterns:
            value = pattern.sub(lambda found: _hashed(self._key, found[0]), value)
        return value

    def value(self, value: Any, *, name: str = "") -> Any:
        """The same JSON value with what is personal in it replaced: names, texts and numbers, at any depth."""
        if isinstance(value, dict):
            return {
                self._without_copies(self.text(field)): self.value(held, name=field) for field, held in value.items()
            }
        if isinstance(value, list):
            return [self.value(item, name=name) for item in value]
        if isinstance(value, str):
            if self._known or _may_be_personal(value) or self._is_personal(name):  # as few are
                value = _hashed(self._key, value) if value and self._is_whole(value, name) else self.text(value)
            return self._without_copies(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            digits = str(value).partition(".")[0].lstrip("-")
            if self._is_personal(name) or digits in self._digits or str(value) in self._identifiers:
                return _hashed(self._key, str(value))
        return value

    def _without_copies(self, value: str) -> str:
        """The same text, each word of it that is one of the signal's identifiers replaced."""
        for each in self._identifiers:
            if each in value:
                word = rf"{_NO_WORD_BEFORE}{re.escape(each)}{_NO_WORD_AFTER}"
                value = re.sub(word, _hashed(self._key, each), value)
        return value

    def _is_personal(self, name: str) -> bool:
        folded = letters(name)
        return folded in PERSONAL_KEYS or folded in self._names

    def _is_whole(self, text: str, name: str) -> bool:
        """Whether a text is personal as it stands; only a short one can be an address as a whole."""
        if self._is_personal(name):
            return True
        if not _may_be_personal(text):
            return False
        trimmed = text.strip() if len(text) <= _WHOLE else ""
        return bool(_WHOLE_EMAIL.fullmatch(trimmed) or _WHOLE_PHONE.fullmatch(trimmed))


def _may_be_personal(text: str) -> bool:
    """Whether a text has what every address and every number has."""
    return "@" in text or "+" in text or "%40" in text


def _spellings(raw: str) -> set[str]:
    """An address as it was sent, trimmed, and as it stands in a URL."""
    trimmed = raw.strip()
    return {trimmed, trimmed.replace("@", "%40")}


@lru_cache(maxsize=1024)
def letters(name: str) -> str:
    """A name of a field folded to letters, as names of personal fields are compared."""
    return re.sub(r"[^a-z]", "", name.lower())


def _hashed(key: bytes, value: str) -> str:
    return "hmac:" + keyed_hash(key, "redacted", value)[:16]
