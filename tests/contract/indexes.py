"""What Firestore answers without an index that somebody has to make. Its emulator answers everything."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_TOPOLOGY = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "shared" / "topology.yaml").read_text(encoding="utf-8")
)
UNINDEXED = {path for database in _TOPOLOGY["databases"].values() for path in database["unindexed"]}
_EQUAL = {"EQUAL", "IN"}


def wants(query: Any) -> str:
    """Which index a query wants that is not there by itself; empty for none."""
    asked = getattr(query, "_query", lambda: query)()._to_protobuf()
    collection = asked.from_[0].collection_id
    filters = [each.field_filter for each in asked.where.composite_filter.filters]
    filters += [asked.where.field_filter] if asked.where.field_filter.field.field_path else []
    equal = {each.field.field_path for each in filters if each.op.name in _EQUAL}
    ordered = {each.field.field_path for each in filters if each.op.name not in _EQUAL}
    ordered |= {each.field.field_path for each in asked.order_by}
    fields, ordered = (equal | ordered) - {"__name__"}, ordered - {"__name__"}
    if UNINDEXED & {f"{collection}.{field}" for field in fields} or (fields and collection in UNINDEXED):
        return f"{collection} by {', '.join(sorted(fields))}, of which topology.yaml says that nobody asks for it"
    if len(ordered) > 1 or (ordered and equal - ordered - {"__name__"}):
        return f"{collection} by {', '.join(sorted(fields))}"
    return ""
