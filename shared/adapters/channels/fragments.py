"""Content fragments over HTTP, kept in the process: ETag, max-age, and old ones where the service fails."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from shared.adapters.channels.egress import Egress
from shared.adapters.channels.exchange import Exchange, HttpAnswer
from shared.domain.catalogue import ContentService, Fragment, FragmentField
from shared.domain.errors import PermanentError, TransientError
from shared.domain.fragments import MOST_BYTES, address, fields

MOST_KEPT = 1000
"""Fragments kept; of more, those not asked for the longest are forgotten."""

AGAIN_SECONDS = 5.0
"""How long a service that failed is left alone for a fragment."""

LONGEST_SECONDS = 86_400.0

_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})")
_STALE = re.compile(r"(?:^|[\s,])stale-if-error=(\d{1,9})")
_NOT_KEPT = re.compile(r"(?:^|[\s,])no-(?:store|cache)\b")


_Key = tuple[str, tuple[tuple[str, FragmentField], ...]]
"""An address, and what is read of its answer: revisions may differ in that."""


class _Kept(NamedTuple):
    """What is known of a fragment: fresh until, and usable where the service fails until."""

    fields: Mapping[str, str]
    etag: str
    fresh_until: float
    usable_until: float


_NOTHING = _Kept({}, "", 0.0, 0.0)


class HttpFragments:
    """What content services say. One thread at a time asks for a fragment; the others meanwhile get what there is."""

    def __init__(self, egress: Egress, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Ask over `egress`."""
        self._exchange = Exchange(egress)
        self._monotonic = monotonic
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._asking: set[_Key] = set()
        self._lock = threading.Lock()

    def __call__(self, service: ContentService, fragment: Fragment, language: str) -> Mapping[str, str]:
        """The fields of a fragment."""
        url, now = address(service, fragment, language), self._monotonic()
        key = url, tuple(service.fields.items())
        with self._lock:
            kept = self._kept.get(key, _NOTHING)
            if kept is not _NOTHING:
                self._kept.move_to_end(key)
            if now < kept.fresh_until or key in self._asking:
                return kept.fields if now < max(kept.fresh_until, kept.usable_until) else {}
            self._asking.add(key)
        found = kept
        try:
            found = self._asked(service, url, kept, now)
        finally:
            with self._lock:
                self._asking.discard(key)
                self._kept[key] = found
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)
        return found.fields

    def _asked(self, service: ContentService, url: str, kept: _Kept, now: float) -> _Kept:
        """What the service says now; what is known where it fails."""
        headers = {"accept": "application/json", **({"if-none-match": kept.etag} if kept.etag else {})}
        try:
            answer = self._exchange("GET", url, headers, None, service.timeout_seconds, MOST_BYTES)
        except (TransientError, PermanentError):
            return _failed(kept, now)
        if answer.status == 304:
            return _for_as_long(service, answer, kept.fields, kept.etag, now)
        if answer.status in (404, 410):
            return _for_as_long(service, answer, {}, "", now)
        if answer.status != 200 or not answer.whole:
            return _failed(kept, now)
        told = fields(service, answer.body)
        return _for_as_long(service, answer, told, answer.headers.get("etag", ""), now) if told else _failed(kept, now)


def _failed(kept: _Kept, now: float) -> _Kept:
    usable = kept.fields if now < kept.usable_until else {}
    return kept._replace(fields=usable, fresh_until=now + AGAIN_SECONDS)


def _for_as_long(service: ContentService, answer: HttpAnswer, told: Mapping[str, str], etag: str, now: float) -> _Kept:
    """What was told, kept as the answer says, or else the service's declaration."""
    control = answer.headers.get("cache-control", "").lower()
    age, stale = _AGE.search(control), _STALE.search(control)
    fresh = 0.0 if _NOT_KEPT.search(control) else float(age[1]) if age else float(service.max_age_seconds)
    fresh = min(fresh, LONGEST_SECONDS)
    usable = min(float(stale[1]) if stale else float(service.stale_seconds), LONGEST_SECONDS)
    return _Kept(told, etag, now + fresh, now + fresh + usable)
