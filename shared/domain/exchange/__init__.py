"""Exchange: models, interactions and decisions in the shapes in which decision management exchanges them, so that tools
which read those read ours (`pdstools`). Field names are theirs; what each means with us, the modules say.
"""

from datetime import UTC, datetime


def stamp(at: datetime) -> str:
    """A time as these formats write it: `20260301T120000.000 GMT`."""
    at = at.astimezone(UTC)
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03d} GMT"
