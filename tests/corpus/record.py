"""Records what travels when a signal arrives: `python -m tests.corpus.record NAME SIGNAL.json`.

The embedded platform with the bank of the corpus takes the signal at its door; each message that is published on the
way of it is written, byte for byte, as `messages/<type>/NAME.json`, a second one of its type as `NAME_2.json`. A file
that is there already is never overwritten: it is what a function may have published, and consumers decode it for ever.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import httpx
import yaml

from emulators.embedded import Embedded
from tests.corpus.tree_bank import CORPUS, TreeBank

TOPICS = yaml.safe_load((CORPUS.parents[1] / "shared" / "topology.yaml").read_text(encoding="utf-8"))["topics"]


def record(signal: bytes) -> dict[str, list[bytes]]:
    """The messages that follow from a signal, by type, in the order in which they came."""
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
    return heard


def main(name: str, signal: str) -> None:
    """Record one signal under a name."""
    for kind, messages in record(Path(signal).read_bytes()).items():
        for number, data in enumerate(messages, start=1):
            file = CORPUS / "messages" / kind / (f"{name}.json" if number == 1 else f"{name}_{number}.json")
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as out:
                out.write(data)
            sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
