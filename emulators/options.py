"""What the platform on the emulators is started with, and what is known of it before anything runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulators.access import Credentials
from emulators.children import Death, OnDeath
from emulators.playing import Played
from emulators.reporting import Reporter


@dataclass(frozen=True)
class Local:
    """What is known before the first function starts.

    `endpoints` are the addresses of services and sandbox; `emulators` those of `pubsub`, `firestore` and
    `secretmanager` (`host:port`) and `bigquery` (with `http://`); `google_credentials` is the file that Google's
    clients read theirs from.
    """

    project: str
    endpoints: Mapping[str, str]
    emulators: Mapping[str, str]
    credentials: Credentials
    google_credentials: Path

    def environment(self) -> dict[str, str]:
        """Give the variables that point Google's clients at the emulators."""
        exempt = ["127.0.0.1", "localhost", *filter(None, os.environ.get("NO_PROXY", "").split(","))]
        return {
            "GOOGLE_CLOUD_PROJECT": self.project,
            "PUBSUB_EMULATOR_HOST": self.emulators["pubsub"],
            "FIRESTORE_EMULATOR_HOST": self.emulators["firestore"],
            "BIGQUERY_EMULATOR_HOST": self.emulators["bigquery"],
            "SECRET_MANAGER_EMULATOR_HOST": self.emulators["secretmanager"],
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.google_credentials),
            "NO_PROXY": ",".join(exempt),
        }


@dataclass(frozen=True)
class Options:
    """How to start the platform.

    Args:
        root: the repository: functions' paths and Python imports start here.
        state: folder of logs, endpoints and BigQuery's files; `.kairos` under the root unless given.
        topology: file of topics, subscriptions, tables and services; the project's own unless given.
        project: the local project's id.
        credentials: who may call.
        secrets: makes the values of the secrets that services name in the topology; a service gets only those that it
            names.
        kept_secrets: makes what Secret Manager holds besides, by name: what functions read while they run.
        plays: says which providers the sandbox plays.
        reporter: says whom it reports events of messages to.
        environment: further environment variables by service; `*` is for every service.
        stand_ins: says what stands in for the hosts of connectors, for the function that sends.
        ports: wanted ports, by name of service, emulator or `sandbox`; free ones otherwise.
        seed: fills Firestore once it answers; the functions are expected to be ready only after it.
        on_function_death: `stop` stops everything and says why; `restart` starts the function again, as Cloud Run
            does; `report` leaves it dead, for tests that call `restart` themselves. The death of anything but a
            function always stops everything.
        on_death: hears of every death that nobody asked for.
        on_progress: hears in a short line what was done.
    """

    root: Path
    state: Path | None = None
    topology: Path | None = None
    project: str = "kairos-local"
    credentials: Credentials = field(default_factory=Credentials)
    secrets: Callable[[Local], Mapping[str, str]] = lambda _local: {}
    kept_secrets: Callable[[Local], Mapping[str, str]] = lambda _local: {}
    plays: Callable[[], Sequence[Played]] = lambda: ()
    reporter: Callable[[Local], Reporter | None] = lambda _local: None
    stand_ins: Callable[[Local], Mapping[str, str]] = lambda _local: {}
    environment: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    ports: Mapping[str, int] = field(default_factory=dict)
    seed: Callable[[Local], None] = lambda _local: None
    on_function_death: OnDeath = "stop"
    on_death: Callable[[Death], None] = lambda _death: None
    on_progress: Callable[[str], None] = lambda _line: None
