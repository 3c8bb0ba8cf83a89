"""How many text messages a text becomes (3GPP TS 23.038)."""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_ALONE, _JOINED = 160, 153
"""Characters of the GSM alphabet in one message, and in each of several; an extended one counts twice."""

_ALONE_WIDE, _JOINED_WIDE = 70, 67
"""Units of UTF-16, where any character is beyond that alphabet."""


def segments(text: str) -> int:
    """The messages that carry a text; a character that needs two places is not parted."""
    wide = not set(text) <= _BASIC | _EXTENDED
    sizes = [2 if (character > "\uffff" if wide else character in _EXTENDED) else 1 for character in text]
    if sum(sizes) <= (_ALONE_WIDE if wide else _ALONE):
        return 1
    room, count, used = (_JOINED_WIDE if wide else _JOINED), 1, 0
    for size in sizes:
        if used + size > room:
            count, used = count + 1, 0
        used += size
    return count
