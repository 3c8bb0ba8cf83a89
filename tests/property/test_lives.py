"""Any order, repetition and split of the same signals gives the same persons, attributes, features and consents."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.property.lives import Lives

TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=int(__import__("os").environ.get("N", "60")),
    stateful_step_count=14,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
