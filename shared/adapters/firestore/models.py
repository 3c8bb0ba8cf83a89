"""The adaptive models' counts in Firestore."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping

import msgspec

from shared.adapters.firestore.client import Database, fields_of
from shared.adapters.refreshing import MODELS_REFRESH_SECONDS, Clock, Monotonic, Refreshing, nothing_prepared
from shared.domain.forgetting import Era, day
from shared.domain.propensity import ASSOCIATED, Counts, Tally, present
from shared.domain.ready import ready

MODELS = "models"
SHARDS = 4
"""Documents per model: each takes about one increment a second for ever, and many more in bursts."""


class Models:
    """The port `Models`: the sum of each model's shards; and the port `Associations`."""

    def __init__(
        self,
        database: Database,
        *,
        refresh_seconds: float = MODELS_REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
        clock: Clock = time.time,
        prepare: Callable[[Mapping[str, Counts]], None] = nothing_prepared,
    ) -> None:
        """Read all counts afresh every `refresh_seconds`, as they stand on the day that `clock` says,
        made ready by `prepare`.
        """
        self._database = database
        self._clock = clock
        self._prepare = prepare
        self._counts = Refreshing(self._load, refresh_seconds=refresh_seconds, monotonic=monotonic)

    def counts(self) -> Mapping[str, Counts]:
        """All counts by model id; cached, refreshed behind the answer."""
        return self._counts.get()

    def associate(self, associations: Mapping[str, int]) -> None:
        """Keep how closely predictors are associated, in place of what was known of it."""
        batch = self._database.client.batch()
        fields = {"model": ASSOCIATED, "associations": dict(associations)}
        batch.set(self._database.reference(MODELS, ASSOCIATED), fields)
        self._database.commit(batch, blind=True)

    def _load(self) -> Mapping[str, Counts]:
        found: dict[str, Counts] = {}
        tallies: defaultdict[tuple[str, Era | None], Tally] = defaultdict(Tally)
        for snapshot in self._database.query(self._database.client.collection(MODELS)):
            shard = fields_of(snapshot)
            name, counts = shard.pop("model"), msgspec.convert(shard, ready(Counts))
            if name == ASSOCIATED:
                found[name] = counts
            else:
                tallies[name, counts.era].add(counts)
        by_model: defaultdict[str, list[Counts]] = defaultdict(list)
        for (name, era), tally in tallies.items():
            by_model[name].append(tally.counts(era))
        today = day(self._clock())
        found |= {name: present(by_era, today) for name, by_era in by_model.items()}
        self._prepare(found)
        return found


def shard_of(model: str, number: int, era: Era | None) -> str:
    """The id of the shard that a number falls on; each era has shards of its own."""
    shard = f"{model}#{number % SHARDS}"
    return f"{shard}~{era}" if era else shard
