"""What JSON and MessagePack are decoded into, made ready by one thread at a time.

msgspec looks at a type when something is first decoded into it, and others see what it has found so far. A process in
which another thread decodes into the same type, or into what it is a part of, just then is ended by the operating
system: seen once in some hundred starts of the platform, and at once where threads change often.
"""

from __future__ import annotations

import threading
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_one_at_a_time = threading.Lock()
_ready: set[Any] = set()


def ready(form: T) -> T:
    """The same type, once msgspec knows it whole."""
    if form not in _ready:
        with _one_at_a_time:
            msgspec.json.Decoder(form)
            _ready.add(form)
    return form
