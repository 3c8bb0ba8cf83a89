"""Outcomes, and the counts that they teach, in memory."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import msgspec

from shared.adapters.memory.store import Document, Store
from shared.adapters.refreshing import MODELS_REFRESH_SECONDS, Clock, Monotonic, Refreshing, nothing_prepared
from shared.domain.contact import Contact
from shared.domain.delivery import Delivery
from shared.domain.errors import StaleError
from shared.domain.forgetting import Era, day
from shared.domain.lessons import Lessons, teach
from shared.domain.observed import Observed, Took
from shared.domain.propensity import ASSOCIATED, NO_EVIDENCE, Counts, present
from shared.domain.ready import ready
from shared.ports import Meter, Recording, Versioned


class Outcomes:
    """The port `Outcomes`."""

    def __init__(self, store: Store, meter: Meter) -> None:
        """Write to `store`, counting on `meter`."""
        self._store = store
        self._meter = meter

    def observed(self, delivery_ids: Sequence[str]) -> dict[str, Versioned[Observed]]:
        """What was observed of some deliveries."""
        wanted = dict.fromkeys(delivery_ids)
        self._meter.add(reads=len(wanted))
        with self._store.lock:
            found = {key: self._store.outcomes[key] for key in wanted if key in self._store.outcomes}
        return {
            key: Versioned(msgspec.json.decode(each.data, type=ready(Observed)), each.version)
            for key, each in found.items()
        }

    def record(self, recordings: Sequence[Recording]) -> None:
        """Keep what is observed, note it in the histories and add what is learnt, in one guarded commit."""
        learnt: defaultdict[str, defaultdict[Era | None, Lessons]] = defaultdict(partial(defaultdict, Lessons))
        writes = len(recordings)
        with self._store.lock:
            for each in recordings:
                known = self._store.outcomes.get(each.delivery.delivery_id)
                if (known.version if known else None) != each.version:
                    raise StaleError(f"of {each.delivery.delivery_id} something was observed meanwhile")
            for delivery, took, _, contact in recordings:
                data = msgspec.json.encode(took.after)
                self._store.outcomes[delivery.delivery_id] = Document(data, self._store.next_version())
                if took.noted or took.undone or contact is not None:
                    self._note(delivery, took, contact)
                    writes += 1
                teach(learnt[delivery.model].__getitem__, took.increments, delivery.bins)
            every = [(model, lessons.counts(era)) for model, eras in learnt.items() for era, lessons in eras.items()]
            for model, counts in every:
                if counts != Counts(era=counts.era):
                    self._learn(model, counts)
                    writes += 1
        self._meter.add(writes=writes)

    def _learn(self, model: str, counts: Counts) -> None:
        if counts.era is None:
            self._store.models[model] = self._store.models.get(model, NO_EVIDENCE) + counts
        else:
            eras = self._store.eras.setdefault(model, {})
            eras[counts.era] = eras.get(counts.era, NO_EVIDENCE) + counts

    def _note(self, delivery: Delivery, took: Took, contact: Contact | None) -> None:
        history = self._store.history(delivery.person_id)
        key = delivery.delivery_id
        entries = history.contacts if contact is not None or key in history.contacts else history.late
        data = entries.get(key)
        known = msgspec.json.decode(data, type=ready(Contact)) if data is not None else None
        base = known or contact or Contact.late(delivery)
        outcomes = {name: at for name, at in base.outcomes.items() if name not in took.undone}
        for name, at in took.noted.items():
            outcomes[name] = min(at, outcomes.get(name, at))
        entries[key] = msgspec.json.encode(msgspec.structs.replace(base, outcomes=outcomes))


class Models:
    """The ports `Models` and `Associations`."""

    def __init__(
        self,
        store: Store,
        *,
        refresh_seconds: float = MODELS_REFRESH_SECONDS,
        monotonic: Monotonic = time.monotonic,
        clock: Clock = time.time,
        prepare: Callable[[Mapping[str, Counts]], None] = nothing_prepared,
    ) -> None:
        """Read `store` afresh every `refresh_seconds`, as its counts stand on the day that `clock` says,
        made ready by `prepare`.
        """
        self._store = store
        self._clock = clock
        self._prepare = prepare
        self._counts = Refreshing(self._load, refresh_seconds=refresh_seconds, monotonic=monotonic)

    def counts(self) -> Mapping[str, Counts]:
        """All counts by model id; cached, refreshed behind the answer."""
        return self._counts.get()

    def associate(self, associations: Mapping[str, int]) -> None:
        """Keep how closely predictors are associated, in place of what was known of it."""
        with self._store.lock:
            self._store.models[ASSOCIATED] = Counts(associations=dict(associations))

    def _load(self) -> Mapping[str, Counts]:
        with self._store.lock:
            counts = dict(self._store.models)
            by_era = {model: list(eras.values()) for model, eras in self._store.eras.items()}
        today = day(self._clock())
        for model, eras in by_era.items():
            counts[model] = present([counts.get(model, NO_EVIDENCE), *eras], today)
        self._prepare(counts)
        return counts
