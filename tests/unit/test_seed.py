"""The sample customers as a platform on a laptop knows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from emulators.seed import where_it_is_morning
from shared.authoring import load
from shared.domain.contact_policy.quiet import Quiet
from shared.domain.rules import QuietHours
from shared.domain.zones import zone
from tests.e2e.platforms import ROOT


def test_whatever_the_hour_it_is_quiet_for_no_sample_customer_and_will_not_be_for_eight_hours():
    quiet = [Quiet(rule) for rule in load(ROOT / "catalogue").catalogue.rules if isinstance(rule, QuietHours)]
    assert quiet
    for hours in range(14 * 24):  # a fortnight with Christmas in it
        started = datetime(2026, 12, 18, 0, 59, tzinfo=UTC) + timedelta(hours=hours)
        where = zone(where_it_is_morning(started))
        for later in range(8):
            at = started + timedelta(hours=later)
            assert [rule.rule.id for rule in quiet if rule.end(at, where)] == [], (started, later)
