"""The sample payloads, each as sent by a person of the sample bank: only the id of its user is replaced."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any, Literal

import msgspec

Source = Literal["segment", "adobe-xdm"]

_SEGMENT_FIELDS = ("userId", "user_id", "User ID")
_XDM_FIELDS = ("identityMap", "endUserIDs")
_XDM_ID_FIELDS = ("id", "@id")


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """A payload to send.

    Attributes:
        source: which of the declared sources sends it.
        name: of its file.
        customer_no: whose it is; empty where the payload names nobody and is as it was.
        body: the JSON.
    """

    source: Source
    name: str
    customer_no: str
    body: bytes


def load(root: Path) -> list[Sample]:
    """The samples of a folder by its table `people.csv`, in an order in which persons take turns.

    Raises:
        ValueError: a row of the table names a user id that its payload does not have.
    """
    turns: defaultdict[str, int] = defaultdict(int)
    ordered: list[tuple[int, int, Sample]] = []
    with (root / "people.csv").open(newline="", encoding="utf-8") as table:
        for position, row in enumerate(csv.DictReader(table)):
            sample = _sample(root, row["payload"], row["user_id"], row["customer_no"])
            turn = turns[sample.customer_no] if sample.customer_no else 0
            turns[sample.customer_no] += 1
            ordered.append((turn, position, sample))
    return [sample for _, _, sample in sorted(ordered, key=lambda entry: entry[:2])]


def _sample(root: Path, payload: str, user_id: str, customer_no: str) -> Sample:
    folder, _, name = payload.partition("/")
    source: Source = "segment" if folder == "segment" else "adobe-xdm"
    body = (root / payload).read_bytes()
    if customer_no:
        value = json.loads(body)
        replaced = _replace_segment if source == "segment" else _replace_xdm
        if not replaced(value, user_id, customer_no):
            raise ValueError(f"{payload} has no user id {user_id!r}")
        body = json.dumps(value, ensure_ascii=False).encode()
    return Sample(source=source, name=name, customer_no=customer_no, body=body)


def _replace_segment(call: dict[str, Any], user_id: str, customer_no: str) -> int:
    fields = [field for field in _SEGMENT_FIELDS if call.get(field) == user_id]
    call.update(dict.fromkeys(fields, customer_no))
    return len(fields)


def _replace_xdm(event: dict[str, Any], user_id: str, customer_no: str) -> int:
    held = [event[field] for field in (*_XDM_FIELDS, *(f"xdm:{name}" for name in _XDM_FIELDS)) if field in event]
    return sum(_replace_ids(identities, user_id, customer_no) for identities in held)


def _replace_ids(value: Any, user_id: str, customer_no: str) -> int:
    if isinstance(value, list):
        return sum(_replace_ids(item, user_id, customer_no) for item in value)
    if not isinstance(value, dict):
        return 0
    fields = [name for name, held in value.items() if name.removeprefix("xdm:") in _XDM_ID_FIELDS and held == user_id]
    value.update(dict.fromkeys(fields, customer_no))
    return len(fields) + sum(_replace_ids(held, user_id, customer_no) for held in value.values())
