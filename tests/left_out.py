"""Says at the end of a run which tests this machine could not run, and how to get what they need.

Tests marked `emulators` are left out where Google's emulators or Java are missing. With `KAIROS_REQUIRE_ALL=1`, as in
continuous integration, anything left out, for whatever reason, fails the run.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from emulators import google

REASONS = pytest.StashKey[Counter[str]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start counting."""
    config.stash[REASONS] = Counter()
    config.pluginmanager.register(Count(config.stash[REASONS]), "left-out-count")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs the emulators where they are missing. They are looked for once, and only if a test needs them."""
    needing = [item for item in items if item.get_closest_marker("emulators")]
    if not needing:
        return
    found = google.find()
    if isinstance(found, google.Missing):
        for item in needing:
            item.add_marker(pytest.mark.skip(reason=f"{found.what} To get it: {found.how}"))


class Count:
    """Counts the skipped tests by reason, those that skip themselves included."""

    def __init__(self, reasons: Counter[str]) -> None:
        self.reasons = reasons

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a test, unless it is an expected failure, which pytest reports as skipped too."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a module that skipped itself whole."""
        if report.skipped:
            self.note(report)

    def note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        """Add one to its reason."""
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
        self.reasons[reason.removeprefix("Skipped: ")] += 1


def all_required() -> bool:
    """Whether a run that leaves something out has failed."""
    return os.environ.get("KAIROS_REQUIRE_ALL") == "1"


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run if it left something out and must not."""
    if (
        session.config.stash[REASONS]
        and all_required()
        and session.exitstatus in {0, pytest.ExitCode.NO_TESTS_COLLECTED}
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left out."""
    reasons = config.stash[REASONS]
    if not reasons:
        return
    terminalreporter.section("Left out")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} {'test' if count == 1 else 'tests'}: {reason}")
    if all_required():
        terminalreporter.line("KAIROS_REQUIRE_ALL=1 allows nothing to be left out: the run failed.", red=True)
