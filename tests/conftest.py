"""What every test of Kairos gets."""

from __future__ import annotations

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.e2e.platforms")  # before any test imports it, so that its assertions explain too
pytest_plugins = ["pytester", "tests.left_out", "tests.side_by_side"]

# as hypothesis is by itself, here or in continuous integration, except that no example has to be quick
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")
