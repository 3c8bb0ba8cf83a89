"""Which tests run beside which, where pytest-xdist has two processes: whatever shares a platform or an emulator stays
in one, so that each is started once; of all others, the tests of a file stay together.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent
WITH_PLATFORMS = frozenset({"e2e", "fault"})
"""Folders whose tests share platforms."""

ONCE = frozenset({"contract", "docs", "emulators", "terraform"})
"""Folders whose tests share something of their own: emulators, the platforms of a reader, what was applied."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say which tests stay together."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        path = item.path.relative_to(ROOT) if item.path.is_relative_to(ROOT) else item.path
        group = "platforms" if path.parts[0] in WITH_PLATFORMS else str(path.parent if path.parts[0] in ONCE else path)
        item.add_marker(pytest.mark.xdist_group(group))
