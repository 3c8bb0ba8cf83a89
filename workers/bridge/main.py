"""Wiring of the bridge: `python -m workers.bridge.main`, until SIGTERM."""

from __future__ import annotations

import signal
import threading

from shared.adapters.firestore.client import Database
from shared.adapters.firestore.quarantine import Quarantine
from shared.adapters.intake import HttpIntake
from shared.adapters.kafka.records import Outlet, Records
from shared.adapters.kafka.topics import Topics
from shared.adapters.pubsub import Rows
from shared.runtime.settings import read
from shared.runtime.telemetry import log
from shared.runtime.world import utc_now
from workers.bridge.handler import Bridge, take_in, tell_history, together
from workers.bridge.settings import Settings


def main() -> None:
    """Take in, and tell, what the environment says."""
    settings = read(Settings)
    kafka, sources = settings.kafka, settings.kafka_sources
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loops = []
    if sources:
        bridge = Bridge(
            HttpIntake(settings.ingest_url, {"x-api-key": settings.ingest_key}, wait=stop.wait),
            Quarantine(Database(settings.google_cloud_project)),
            sources,
            utc_now,
            brokers=str(kafka.get("bootstrap.servers", "")),
            revision=settings.k_revision,
        )
        records = Records(kafka, settings.kafka_group, list(sources), stop)
        loops.append(lambda: records.until_closed(lambda: take_in(records, bridge, stop)))
    if settings.kafka_history_topic:
        rows = Rows(settings.google_cloud_project, settings.history_subscription)
        outlet = Outlet(Topics(kafka), settings.kafka_history_topic)
        loops.append(lambda: tell_history(rows, outlet, stop))
    log("INFO", f"the bridge takes in {', '.join(sources) or 'nothing'}")
    together(loops, stop)
    log("INFO", "the bridge has stopped")


if __name__ == "__main__":
    main()
