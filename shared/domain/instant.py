"""An instant: a time with its zone, so that any two can be compared and mean the same on any machine."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time that is refused where it is decoded unless it says its zone."""
