"""Faults: duplicates, races, kills and dying at any line. The platforms are shared with `tests/e2e`."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Load the platforms' fixtures, once however many folders ask."""
    config.pluginmanager.import_plugin("tests.e2e.platforms")
