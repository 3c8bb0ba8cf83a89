"""Reports are kept by kind and name, however large they are."""

from __future__ import annotations

import random

from tests.contract.samples import NOW


def test_a_report_comes_back_as_it_was_put_last(documents):
    large = random.Random(7).randbytes(2_000_000)
    documents.reports.put("learning", "2026-03-01", large, NOW)
    assert documents.reports.get("learning", "2026-03-01") == large

    documents.reports.put("learning", "2026-03-01", b"{}", NOW)
    assert documents.reports.get("learning", "2026-03-01") == b"{}"
    assert documents.reports.get("measures", "2026-03-01") is None


def test_the_names_of_a_kind_are_known_until_they_are_removed(documents):
    for name in ("2026-03-01", "2026-03-02", "2026-02-28"):
        documents.reports.put("measures", name, b"{}", NOW)
    documents.reports.put("challengers", "a forest", b"{}")

    documents.reports.remove("measures", "2026-03-02")
    documents.reports.remove("measures", "2026-03-02")

    assert list(documents.reports.names("measures")) == ["2026-03-01", "2026-02-28"]
    assert list(documents.reports.names("challengers")) == ["a forest"]
    assert documents.reports.get("measures", "2026-03-02") is None
