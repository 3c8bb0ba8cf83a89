"""The pages of this repository, and what stands in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = {"node_modules", "__pycache__"}
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its language and its text."""

    language: str
    text: str


def pages() -> list[Path]:
    """Every Markdown file, hidden folders left out."""
    found = sorted(ROOT.rglob("*.md"))
    return [page for page in found if not any(_foreign(part) for part in page.relative_to(ROOT).parts)]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return [block.text for block in all_blocks(page) if block.language == language]


def all_blocks(page: Path) -> list[Block]:
    """All fenced blocks, in order."""
    return [Block(*found) for found in _FENCE.findall(page.read_text(encoding="utf-8"))]


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def named(page: Path) -> str:
    """What a test calls a page."""
    return page.relative_to(ROOT).as_posix()


def _foreign(part: str) -> bool:
    return part.startswith(".") or part in _NOT_OURS
