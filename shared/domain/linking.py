"""Links of ours in a message: what is clicked is noted and led on, an opening is noted, and one click unsubscribes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape, unescape
from typing import NamedTuple

from shared.domain.catalogue import Channel, Treatment
from shared.domain.content import field_of
from shared.domain.errors import InvalidError
from shared.domain.links import Links, origin_of

_HREF = re.compile(r"(<a\s[^<>]*?\bhref\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_WRITTEN = re.compile(r"https://[a-z0-9][a-z0-9.:-]*")
_END = re.compile(r"</body>", re.IGNORECASE)


class Linked(NamedTuple):
    """Content with our links in it, and the links that connectors may read."""

    content: dict[str, str]
    links: dict[str, str]


def offered_links(links: Links | None, delivery_id: str, treatment: Treatment) -> dict[str, str]:
    """What templates and connectors may read under `links`: nothing where there are none, and no way to unsubscribe of
    what is no marketing, which nobody can unsubscribe from.
    """
    if links is None:
        return {}
    found = {"pixel": links.pixel(delivery_id)}
    if treatment.purpose == "marketing":
        headers = links.unsubscribe_headers(delivery_id)
        found["unsubscribe"] = links.unsubscribe(delivery_id)
        found["list_unsubscribe"] = headers["List-Unsubscribe"]
        found["list_unsubscribe_post"] = headers["List-Unsubscribe-Post"]
    return found


def linked(
    links: Links | None,
    delivery_id: str,
    channel: Channel,
    treatment: Treatment,
    content: Mapping[str, str],
    offered: Mapping[str, str],
) -> Linked:
    """The content with the links of its tracked fields led through ours. What a person's data leads elsewhere than the
    template says stays as it is.
    """
    told, found = dict(content), dict(offered)
    for name, text in content.items():
        field = field_of(channel, name)
        if links is None or not field.tracked:
            continue
        said = [texts[name] for texts in (treatment.content, *treatment.translations.values()) if name in texts]
        through = _Through(links, delivery_id, " ".join(said), frozenset(offered.values()))
        if field.medium == "url":
            told[name] = found["click"] = through(text)
        elif field.medium == "html":
            told[name] = _with_pixel(_HREF.sub(through.href, text), offered["pixel"])
    return Linked(told, found)


class _Through(NamedTuple):
    """Leads links through ours.

    Attributes:
        written: the templates that they come from.
        ours: links that are ours already.
    """

    links: Links
    delivery_id: str
    written: str
    ours: frozenset[str]

    def __call__(self, target: str) -> str:
        origin = origin_of(target)
        named = next((said for said in _WRITTEN.findall(self.written) if origin and origin_of(said) == origin), None)
        if named is None or target in self.ours:
            return target
        try:
            return self.links.click(self.delivery_id, target, written=named)
        except InvalidError:
            return target  # it leads where it always did, and nobody knows of the click

    def href(self, found: re.Match[str]) -> str:
        """A link in markup."""
        target = found[3] if found[2] is None else found[2]
        return f'{found[1]}"{escape(self(unescape(target)))}"'


def _with_pixel(html: str, pixel: str) -> str:
    image = f'<img src="{escape(pixel)}" width="1" height="1" alt="" />'
    found = _END.search(html)
    return html[: found.start()] + image + html[found.start() :] if found else html + image
