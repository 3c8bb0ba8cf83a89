"""The adaptive models' counts in Firestore."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping

import msgspec

from shared.adapters.firestore.client import Database, fields_of
from shared.adapters.refreshing import MODELS_REFRESH_SECONDS, Monotonic, Refreshing
from shared.domain.propensity import Counts, Tally

MODELS = "models"
SHARDS = 4
"""Documents per model: each takes about one increment a second for ever, and many more in bursts."""


class Models:
    """The port `Models`: the sum of each model's shards."""

    def __init__(
        self,
        database: Database,
        *,
        refresh_seconds: float = MODELS_REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
    ) -> None:
        """Read all counts afresh every `refresh_seconds`."""
        self._database = database
        self._counts = Refreshing(self._load, refresh_seconds=refresh_seconds, monotonic=monotonic)

    def counts(self) -> Mapping[str, Counts]:
        """All counts by model id; cached, refreshed behind the answer."""
        return self._counts.get()

    def _load(self) -> Mapping[str, Counts]:
        tallies: defaultdict[str, Tally] = defaultdict(Tally)
        for snapshot in self._database.query(self._database.client.collection(MODELS)):
            shard = fields_of(snapshot)
            tallies[shard.pop("model")].add(msgspec.convert(shard, Counts))
        return {name: tally.counts() for name, tally in tallies.items()}


def shard_of(model: str, number: int) -> str:
    """The id of the shard that a number falls on."""
    return f"{model}#{number % SHARDS}"
