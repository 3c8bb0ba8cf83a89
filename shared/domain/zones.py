"""Time zones by their IANA names, of the database that comes with the program: every machine says the same of an
instant, and a replay what the decision said.
"""

from __future__ import annotations

import io
import pkgutil
import re
from functools import lru_cache
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo | None:
    """The zone of this name, None where there is none such."""
    if not _NAME.fullmatch(name):
        return None
    try:
        data = pkgutil.get_data("tzdata", f"zoneinfo/{name}")
        return ZoneInfo.from_file(io.BytesIO(data or b""), key=name)
    except (OSError, ValueError):  # no such file, a folder, a file of something else
        return None


def names() -> list[str]:
    """The names of all zones."""
    listed = pkgutil.get_data("tzdata", "zones") or b""
    return listed.decode().split()
