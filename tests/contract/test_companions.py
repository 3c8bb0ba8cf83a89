"""The port `Companions`: each instance says that it is there, and hears how many do."""

from __future__ import annotations

from shared.adapters.companions import GONE_AFTER_SECONDS, SAID_EVERY_SECONDS


def test_who_said_so_lately_counts_by_source_and_who_is_silent_does_not(documents):
    now = [1_000_000.0]
    clocks = {"clock": lambda: now[0], "monotonic": lambda: now[0]}
    one, other, third = (documents.new_companions(name, **clocks) for name in ("a-1.x", "b", "c"))

    assert [one.count("crm"), other.count("crm"), third.count("erp")] == [1, 2, 1]
    now[0] += SAID_EVERY_SECONDS - 1
    assert one.count("crm") == 1  # as of a moment ago
    now[0] += 10 * SAID_EVERY_SECONDS
    assert [one.count("crm"), other.count("crm")] == [1, 2]
    late = documents.new_companions("d", **clocks)
    now[0] += GONE_AFTER_SECONDS
    assert late.count("crm") == 3
    now[0] += 1
    later = documents.new_companions("e", **clocks)
    assert later.count("crm") == 2
