"""What signals and asked decisions do, stage by stage: counted while the embedded platform handles them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import msgspec

from cli.cost.prices import GIB, Counts
from shared.domain.usage import Usage
from shared.messages import AnyMessage, ContactReserved, HistoryRow

if TYPE_CHECKING:
    from emulators.embedded import Embedded
    from emulators.samples import Sample

SECONDS = 60.0
ASKED = "decide"
"""The service that decides for channels that wait."""

_BYTES = {"Mi": 1024**2, "Gi": GIB}


class Heard(NamedTuple):
    """A message that came by: its topic, its size in bytes as it is paid for, what it was."""

    topic: str
    size: int
    message: AnyMessage | HistoryRow


class Counted(NamedTuple):
    """What was counted: by stage, and how many signals came, how many of them a decision was made on, and how many of
    these became a message to a person; and how many decisions were asked for.
    """

    stages: dict[str, Counts]
    signals: int
    decided: int
    sent: int
    asked: int


def listen(platform: Embedded, topology: Mapping[str, Any]) -> list[Heard]:
    """What comes by from now on, as it comes."""
    heard: list[Heard] = []
    messages, rows = msgspec.json.Decoder(AnyMessage), msgspec.json.Decoder(HistoryRow)

    def hear(topic: str, data: bytes, attributes: Mapping[str, str]) -> bool:
        size = len(data) + sum(len(key) + len(value) for key, value in attributes.items())
        heard.append(Heard(topic, size, (rows if topic == HistoryRow.topic else messages).decode(data)))
        return True

    for topic, declared in topology["topics"].items():
        if declared["message"] != "any":
            platform.bus.subscribe(topic, hear, name="cost", at_once=True)
    return heard


def let_decide(platform: Embedded, samples: Sequence[Sample], asked: Sequence[str]) -> None:
    """Send signals to a platform that runs, ask for a decision for each of these customers, and wait for all ends.

    Raises:
        httpx.HTTPError: something was refused.
        TimeoutError: something did not come to an end.
    """
    with httpx.Client(timeout=SECONDS, trust_env=False) as client:
        for sample in samples:
            headers = platform.headers["ingest"] | {"content-type": "application/json"}
            url = f"{platform.endpoints['ingest']}/v1/sources/{sample.source}"
            client.post(url, content=sample.body, headers=headers).raise_for_status()
        for customer in asked:
            question = {"identifiers": {"customer_no": customer}, "channel": "web"}
            url = f"{platform.endpoints[ASKED]}/v1/decisions"
            client.post(url, json=question, headers=platform.headers[ASKED]).raise_for_status()
    if not platform.bus.drain(timeout=SECONDS):
        raise TimeoutError(f"not everything came to an end within {SECONDS:g} s")


class Chain:
    """The stages as a signal goes through them: who sends each topic, and who takes it."""

    def __init__(self, topology: Mapping[str, Any]) -> None:
        """Follow the topics from service to service."""
        written = {each["topic"] for each in topology["bigquery"].values() if "topic" in each}
        self.noted = written - {HistoryRow.topic}
        receiver = {each["topic"]: each["service"] for each in topology["subscriptions"].values()}
        publishes = {name: each["publishes"] for name, each in topology["services"].items()}
        self.sent_by: dict[str, int] = {}
        topic = next(iter(receiver))
        self.stages = [next(name for name, topics in publishes.items() if topic in topics)]
        while True:
            self.sent_by[topic] = len(self.stages) - 1
            self.stages.append(receiver[topic])
            further = [each for each in publishes[receiver[topic]] if each in receiver and each not in self.sent_by]
            if not further:
                return
            topic = further[0]

    def told_by(self, row: HistoryRow, reserved: bool, reached: int) -> int:
        """The place of the stage that told a row: of a decision who reserved its contact, or who came to no further
        stage; of what became of a contact, the last.
        """
        if row.kind == "outcome":
            return len(self.stages) - 1
        return self.sent_by[ContactReserved.topic] if reserved else reached + 1


def reckon(heard: Sequence[Heard], topology: Mapping[str, Any], *, signals: int, asked: int) -> Counted:
    """Give each stage its part of what came by: what a decision had cost when it left, less what it had cost before."""
    chain = Chain(topology)
    stages = {name: _idle(topology["services"][name]) for name in (*chain.stages, ASKED)}
    stages[chain.stages[0]].requests += signals
    stages[ASKED].requests += asked
    by_decision: defaultdict[str, list[Heard]] = defaultdict(list)
    for each in heard:
        by_decision[each.message.decision_id or ""].append(each)
    decided = sent = 0
    for told in by_decision.values():
        rows = [(each.size, each.message) for each in told if isinstance(each.message, HistoryRow)]
        if any(row.asked for _, row in rows):
            stages[ASKED].rows += [size for size, _ in rows]
            most = max((_usage(row) for _, row in rows), key=_documents)
            _add(stages[ASKED], most, Usage())
            continue
        decided += any(row.kind == "decision" for _, row in rows)
        sent += any(row.outcome == "sent" for _, row in rows)
        left: defaultdict[int, list[Usage]] = defaultdict(list)
        for topic, size, message in told:
            if not isinstance(message, HistoryRow):
                place = chain.sent_by[topic]
                left[place].append(message.usage)
                stages[chain.stages[place]].sent.append((size, 1))
                stages[chain.stages[place]].noted += [size] if topic in chain.noted else []
                stages[chain.stages[place + 1]].requests += 1
        reserved, reached = chain.sent_by[ContactReserved.topic] in left, max(left, default=0)
        for size, row in rows:
            place = chain.told_by(row, reserved, reached)
            left[place].append(_usage(row))
            stages[chain.stages[place]].rows.append(size)
        before = Usage()
        for place, usages in sorted(left.items()):
            most = max(usages, key=_documents)
            _add(stages[chain.stages[place]], most, before)
            before = most
    return Counted(stages, signals, decided, sent, asked)


def _idle(service: Mapping[str, Any]) -> Counts:
    memory = service["memory"]
    return Counts(cpu=service["cpu"], memory_gib=int(memory[:-2]) * _BYTES[memory[-2:]] / GIB)


def _usage(row: HistoryRow) -> Usage:
    return Usage(reads=row.reads, writes=row.writes, messages=row.messages, bytes=row.bytes)


def _documents(usage: Usage) -> int:
    return usage.reads + usage.writes


def _add(counts: Counts, usage: Usage, before: Usage) -> None:
    counts.reads += usage.reads - before.reads
    counts.writes += usage.writes - before.writes
