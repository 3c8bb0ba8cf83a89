"""The table of docs/sources.md that says what becomes of each corpus: `python -m tests.payloads.table` writes it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.payloads.door import ROOT, IngestByHttp, corpora, corpus

PAGE = ROOT / "docs" / "sources.md"
EXAMPLES = ROOT / "catalogue" / "examples"
_TABLE = re.compile(
    r"(?<=<!-- payloads: written by python -m tests.payloads.table -->\n).*?(?=<!-- end -->)", re.DOTALL
)
_MOST_REASONS = 3


def table(ingest: IngestByHttp) -> str:
    """The rows: items of each corpus that were accepted and refused, and the commonest reasons."""
    rows = [
        "| corpus | payloads | signals accepted | items refused | refused because |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name in corpora():
        payloads = corpus(name)
        answers = [ingest.send(payload.source, payload.body.encode(), payload.headers).body for payload in payloads]
        rows.append(_row(name, len(payloads), answers))
    for file, source in examples(ingest).items():
        given = [example["given"] for example in yaml.safe_load(file.read_text(encoding="utf-8"))["examples"]]
        answers = [ingest.send(source, msgspec.json.encode(body)).body for body in given]
        rows.append(_row(f"examples/{file.name}", len(given), answers))
    return "\n".join(rows) + "\n"


def examples(ingest: IngestByHttp) -> dict[Path, str]:
    """The files of examples of sources' formats, each with a source of it; those of callbacks go elsewhere."""
    by_format = {source.format: source.id for source in reversed(ingest.revision.catalogue.sources)}
    return {file: by_format[file.stem] for file in sorted(EXAMPLES.glob("*.yaml")) if file.stem in by_format}


def _row(name: str, payloads: int, answers: list[dict[str, Any]]) -> str:
    accepted = sum(len(answer.get("accepted", ())) for answer in answers)
    problems = [item["problem"] for answer in answers for item in answer.get("rejected", ())]
    problems += [answer for answer in answers if "accepted" not in answer]
    reasons = Counter(_reason(problem) for problem in problems).most_common(_MOST_REASONS)
    said = "; ".join(f"{count} × {reason}" for reason, count in reasons)  # noqa: RUF001 - a multiplication
    return f"| {name} | {payloads} | {accepted} | {len(problems)} | {said} |"


def _reason(problem: dict[str, Any]) -> str:
    detail = problem["detail"].partition(";")[0].partition(":")[0]
    return f"`{problem['field']}` {detail}" if problem.get("field") else detail


def written(ingest: IngestByHttp) -> str:
    """The page with the table as it is now."""
    return _TABLE.sub(lambda _: table(ingest), PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    Path(PAGE).write_text(written(IngestByHttp()), encoding="utf-8")
