"""The JSON Schemas of the messages: `python -m shared.messages.schema` writes them again after a change."""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from shared.messages import MESSAGES, HistoryRow


def schemas() -> dict[str, bytes]:
    """File name to JSON Schema, for every message and the row of the history."""
    named: dict[str, Any] = {str(message.__struct_config__.tag): message for message in MESSAGES}
    named["history.row"] = HistoryRow
    return {f"{name}.json": _schema(name, kind) for name, kind in named.items()}


def _schema(name: str, kind: Any) -> bytes:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:kairos:message:{name}",
        **msgspec.json.schema(kind),
    }
    return msgspec.json.format(msgspec.json.encode(schema, order="deterministic"), indent=2) + b"\n"


def main(folder: str) -> None:
    """Write every schema into a folder."""
    for file, content in schemas().items():
        with open(f"{folder}/{file}", "wb") as out:  # noqa: PTH123 - the messages know no paths
            out.write(content)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "shared/messages/schemas")
