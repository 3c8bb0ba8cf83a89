"""A run says what it left out, and fails for it where nothing may be."""

from __future__ import annotations

import pytest

from emulators import google

TESTS = """
    import pytest

    @pytest.mark.emulators
    def test_with_emulators():
        pass

    @pytest.mark.emulators
    def test_with_emulators_too():
        pass

    def test_of_the_skipping_kind():
        pytest.skip("no such device")

    @pytest.mark.xfail(reason="known")
    def test_known():
        assert False

    def test_without():
        pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    pytester.makeini("[pytest]\nmarkers = emulators: needs the emulators")
    pytester.makepyfile(TESTS)
    missing = google.Missing(what="no gcloud.", how="install the gcloud CLI")
    monkeypatch.setattr(google, "find", lambda: missing)
    monkeypatch.delenv("KAIROS_REQUIRE_ALL", raising=False)
    return pytester


def run(project: pytest.Pytester) -> pytest.RunResult:
    return project.runpytest_inprocess("-p", "tests.left_out", "-p", "no:bqemulator")


def test_says_what_was_left_out_and_how_to_get_it(project):
    result = run(project)

    result.assert_outcomes(passed=1, skipped=3, xfailed=1)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        ["*= Left out =*", "2 tests: no gcloud. To get it: install the gcloud CLI", "1 test: no such device"]
    )


def test_fails_where_nothing_may_be_left_out(project, monkeypatch):
    monkeypatch.setenv("KAIROS_REQUIRE_ALL", "1")

    result = run(project)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*allows nothing to be left out: the run failed."])


def test_a_module_that_skips_itself_counts(project, monkeypatch):
    monkeypatch.setenv("KAIROS_REQUIRE_ALL", "1")
    project.makepyfile('import pytest\npytest.skip("wrong platform", allow_module_level=True)')

    result = run(project)

    assert result.ret != 0
    result.stdout.fnmatch_lines(["1 test: wrong platform"])


def test_says_nothing_when_nothing_is_left_out(project, monkeypatch):
    monkeypatch.setenv("KAIROS_REQUIRE_ALL", "1")
    project.makepyfile("def test_it(): pass")

    result = run(project)

    assert result.ret == 0
    result.stdout.no_fnmatch_line("*Left out*")
