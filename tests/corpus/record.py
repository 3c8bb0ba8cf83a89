"""Records what travels when a signal arrives: `python -m tests.corpus.record NAME SIGNAL.json`; with `--waited` behind
it, what travels when the signal is decided on again, as if it had come at night.

The embedded platform with the bank of the corpus takes the signal at its door; each message that is published on the
way of it is written, byte for byte, as `messages/<type>/NAME.json`, a second one of its type as `NAME_2.json`. A file
that is there already is never overwritten: it is what a function may have published, and consumers decode it for ever.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import httpx
import msgspec
import yaml

from emulators.embedded import Embedded
from shared.adapters import memory
from shared.domain.contact_policy import Deferred
from shared.domain.deferral import Deferral
from shared.messages import SignalIdentified
from tests.corpus.tree_bank import CORPUS, TreeBank

TOPICS = yaml.safe_load((CORPUS.parents[1] / "shared" / "topology.yaml").read_text(encoding="utf-8"))["topics"]


def record(signal: bytes, *, waited: bool = False) -> dict[str, list[bytes]]:
    """The messages that follow from a signal, by type, in the order in which they came; those of the decision that is
    made again, where it `waited`.
    """
    heard: dict[str, list[bytes]] = {}
    with tempfile.TemporaryDirectory() as state, Embedded(TreeBank(), state=Path(state)) as platform:

        def hear(topic: str, data: bytes, _attributes: dict[str, str]) -> bool:
            heard.setdefault(TOPICS[topic]["message"], []).append(data)
            return True

        for topic in TOPICS:
            platform.bus.subscribe(topic, hear, name="corpus")
        headers = {**platform.headers["ingest"], "content-type": "application/json"}
        answer = httpx.post(f"{platform.endpoints['ingest']}/v1/signals", content=signal, headers=headers)
        answer.raise_for_status()
        platform.bus.drain(timeout=30)
        if waited:
            [identified] = [msgspec.json.decode(each, type=SignalIdentified) for each in heard["signal.identified"]]
            heard.clear()
            _defer(platform, identified)
            platform.scheduler.tick()
            platform.bus.drain(timeout=30)
    return heard


def _defer(platform: Embedded, identified: SignalIdentified) -> None:
    """Keep a deferral of what was decided a moment ago, due now."""
    contacts = memory.Contacts(platform.store, platform.meter)
    waiting = Deferral(
        decision_id=identified.decision_id,
        person_id=identified.person_id,
        at=identified.decided_at,
        deferred=Deferred(treatment="none", rule="nights", until=identified.decided_at),
        signal=identified.signal,
    )
    platform.store.histories.clear()  # nothing was sent: it waited
    contacts.defer(identified.person_id, None, waiting)


def main(name: str, signal: str, *options: str) -> None:
    """Record one signal under a name."""
    for kind, messages in record(Path(signal).read_bytes(), waited="--waited" in options).items():
        for number, data in enumerate(messages, start=1):
            file = CORPUS / "messages" / kind / (f"{name}.json" if number == 1 else f"{name}_{number}.json")
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as out:
                out.write(data)
            sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
