"""What every test of Kairos gets."""

from __future__ import annotations

pytest_plugins = ["pytester", "tests.left_out"]
