"""The demo, run as the README says, says what the README says that it says."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.docs.pages import ROOT, blocks


def words(text: str) -> str:
    """A text, however wide its columns and lines are."""
    return " ".join(text.split())


def test_what_the_readme_shows_of_the_demo_is_what_it_prints(tmp_path):
    shown = [words(line) for block in blocks(ROOT / "README.md", "text") for line in block.splitlines()]
    environment = {**os.environ, "KAIROS_STATE": str(tmp_path)}
    demo = [sys.executable, "-m", "cli", "demo", "--once", "--on", "embedded", "--rate", "100"]

    ran = subprocess.run(demo, cwd=ROOT, env=environment, capture_output=True, check=False, text=True, timeout=300)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = words(ran.stdout)  # lines are broken to a width that is not the README's
    same = [line for line in shown if line not in {"", "…"} and not line.startswith("from 202 to the provider")]
    assert len(same) > 20
    assert [line for line in same if line not in said] == []
