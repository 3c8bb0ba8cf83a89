"""End to end: as callers see it, over HTTP and at the provider. The platforms are shared with `tests/fault`."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Load the platforms' fixtures, once however many folders ask."""
    config.pluginmanager.import_plugin("tests.e2e.platforms")
