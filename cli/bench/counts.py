"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """How much is measured: blocks of ours and of the peer take turns, after a first one that does not count.

    Attributes:
        chain_blocks: of `chain_signals` signals each, sent at 10 a second.
        chain_signals: one customer each.
        decide_blocks: of `decide_requests` requests each.
        decide_requests: over all connections.
        cold_starts: of every entrypoint, and of the engine.
        engine_persons: whom the engine decides for, in each of `engine_rounds`.
        engine_rounds: see there.
        engine_stride: a peer is asked about every so-manieth of them.
        engine_builds: of a large catalogue.
        engine_batch: persons of a batch, in each of `engine_batches`.
        engine_batches: see there.
        identity_records: whose persons are found.
        pace_seconds: for how long messages come to a channel.
        learning_contacts: that models learn from, all where None.
        learning_splits: random ones.
        bandit_decisions: in which the platform learns what is better.
        bandit_runs: experiments by which it measures itself, each of `bandit_persons`.
        bandit_persons: see there.
        wave_persons: of a wave, whom scarce channels are distributed over.
    """

    chain_blocks: int
    chain_signals: int
    decide_blocks: int
    decide_requests: int
    cold_starts: int
    engine_persons: int
    engine_rounds: int
    engine_stride: int
    engine_builds: int
    engine_batch: int
    engine_batches: int
    identity_records: int
    pace_seconds: float
    learning_contacts: int | None
    learning_splits: int
    bandit_decisions: int
    bandit_runs: int
    bandit_persons: int
    wave_persons: int


FULL = Counts(
    chain_blocks=6,
    chain_signals=50,
    decide_blocks=10,
    decide_requests=400,
    cold_starts=7,
    engine_persons=300,
    engine_rounds=10,
    engine_stride=20,
    engine_builds=5,
    engine_batch=10_000,
    engine_batches=3,
    identity_records=100_000,
    pace_seconds=60,
    learning_contacts=None,
    learning_splits=3,
    bandit_decisions=20_000,
    bandit_runs=100,
    bandit_persons=2_000,
    wave_persons=100_000,
)
QUICK = Counts(
    chain_blocks=2,
    chain_signals=15,
    decide_blocks=2,
    decide_requests=100,
    cold_starts=1,
    engine_persons=40,
    engine_rounds=1,
    engine_stride=20,
    engine_builds=1,
    engine_batch=400,
    engine_batches=1,
    identity_records=5_000,
    pace_seconds=3,
    learning_contacts=5_000,
    learning_splits=1,
    bandit_decisions=1_000,
    bandit_runs=5,
    bandit_persons=1_000,
    wave_persons=2_000,
)
