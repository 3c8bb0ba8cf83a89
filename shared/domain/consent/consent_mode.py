"""Google's Consent Mode: `gcs` and `gcd`, as tags send them, and the `consent` of GA4's Measurement Protocol.

Each of four signals has a state that a page sets by default and one that it updates when the person chooses. Only the
update is the person's word: what a page grants by default nobody gave, and what it denies by default nobody refused.
"""

from __future__ import annotations

import re
from typing import Any, Literal, NamedTuple, get_args

from shared.domain.errors import InvalidError

ModeSignal = Literal["ad_storage", "analytics_storage", "ad_user_data", "ad_personalization"]
SIGNALS: tuple[ModeSignal, ...] = get_args(ModeSignal)
"""In the order in which `gcd` has them; `gcs` has the first two."""


class State(NamedTuple):
    """Whether a signal is granted: by default, and by the person; None where it was not set."""

    default: bool | None
    update: bool | None


LETTERS = {
    "l": State(None, None),
    "p": State(default=False, update=None),
    "q": State(default=False, update=False),
    "r": State(default=False, update=True),
    "t": State(default=True, update=None),
    "u": State(default=True, update=False),
    "v": State(default=True, update=True),
    "m": State(None, update=False),
    "n": State(None, update=True),
}
"""What a letter of `gcd` says of its signal."""

_GCS = re.compile(r"G1([01-])([01-])")
_GCD = re.compile(r"1[0-9A-Za-z]([a-z])[0-9A-Za-z]([a-z])[0-9A-Za-z]([a-z])[0-9A-Za-z]([a-z])[0-9A-Za-z]{0,5}")
_SAID: dict[str, bool | None] = {"1": True, "0": False, "-": None}
_WORDS = {"GRANTED": True, "DENIED": False}


def read_gcs(text: str) -> dict[ModeSignal, bool | None]:
    """What `gcs` says of the two kinds of storage: it does not tell a default from a choice.

    Raises:
        InvalidError: it is not such as G101.
    """
    found = _GCS.fullmatch(text)
    if not found:
        raise InvalidError("is not G1 and two of 0, 1 and -, such as G101")
    return dict(zip(SIGNALS, map(_SAID.__getitem__, found.groups()), strict=False))


def read_gcd(text: str) -> dict[ModeSignal, State]:
    """What `gcd` says of each signal.

    Raises:
        InvalidError: it is not such as 13r3q3r3q5, or a letter of it means nothing.
    """
    found = _GCD.fullmatch(text)
    if not found:
        raise InvalidError("is not such as 13r3q3r3q5, a letter for each of four signals")
    for letter in found.groups():
        if letter not in LETTERS:
            raise InvalidError(f"the letter {letter} says nothing; one of {', '.join(sorted(LETTERS))}")
    return dict(zip(SIGNALS, map(LETTERS.__getitem__, found.groups()), strict=True))


def read_words(consent: Any) -> dict[ModeSignal, bool | None]:
    """What signals called by their names say: GRANTED or DENIED, as GA4's Measurement Protocol has it.

    Raises:
        InvalidError: it is no object, or a signal has another value; `field` says which.
    """
    if not isinstance(consent, dict):
        raise InvalidError("is not an object of signals that are GRANTED or DENIED")
    said: dict[ModeSignal, bool | None] = {}
    for name in SIGNALS:
        word = consent.get(name)
        if word is None:
            continue
        granted = _WORDS.get(word.upper()) if isinstance(word, str) else None
        if granted is None:
            raise InvalidError("is neither GRANTED nor DENIED", field=name)
        said[name] = granted
    return said
