"""Problems: every anticipated error as an answer that says what was wrong and nothing of the request."""

from __future__ import annotations

import pytest

from shared.adapters.channels.egress import ForbiddenAddressError
from shared.domain import errors
from shared.runtime.body import UnreadableError
from shared.runtime.problems import (
    TooLargeError,
    TooManyRequestsError,
    UnsupportedMediaTypeError,
    problem,
    problem_of,
)

ANSWERS = [
    (errors.InvalidError("is wrong", field="signal.at"), 400),
    (errors.UnauthenticatedError("no key"), 401),
    (errors.ForbiddenError("not yours"), 403),
    (errors.NotFoundError("nowhere"), 404),
    (errors.AlreadyExistsError("twice"), 409),
    (errors.ConflictError("too late"), 409),
    (UnreadableError("no JSON"), 400),
    (TooLargeError("too much"), 413),
    (UnsupportedMediaTypeError("XML", field="content-type"), 415),
    (TooManyRequestsError("too fast", 7), 429),
    (errors.PermanentError("never"), 422),
    (errors.OversizedError("too large to keep"), 422),
    (errors.BouncedError("no such address"), 422),
    (errors.KairosError("of no kind"), 422),
    (errors.OversizedError("too large to keep"), 422),
    (errors.BouncedError("no such address"), 422),
    (ForbiddenAddressError("none of the internet"), 422),
    (errors.ErasedError("gone"), 410),
    (errors.TransientError("later"), 503),
    (errors.StaleError("changed meanwhile"), 503),
    (errors.NotTakenError("not now"), 503),
]


def every_kind(kind):
    return {kind}.union(*(every_kind(each) for each in kind.__subclasses__()))


@pytest.mark.parametrize(("error", "status"), ANSWERS, ids=[type(error).__name__ for error, _ in ANSWERS])
def test_every_error_has_its_status_title_and_detail(error, status):
    answer = problem_of(error)

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    told = answer.get_json()
    assert told == {
        "type": "about:blank",
        "title": told["title"],
        "status": status,
        "detail": getattr(error, "detail", str(error)),
        **({"field": error.field} if getattr(error, "field", "") else {}),
    }
    assert told["title"]


def test_no_error_of_the_taxonomy_is_left_out():
    ours = {
        kind
        for kind in every_kind(errors.KairosError)
        if kind.__module__.startswith("shared.") and "authoring" not in kind.__module__
    }

    assert ours == {type(error) for error, _ in ANSWERS}


def test_who_may_try_again_is_told_when_and_who_must_prove_themselves_how():
    assert problem_of(errors.TransientError("later")).headers["Retry-After"] == "1"
    assert problem_of(TooManyRequestsError("too fast", 7)).headers["Retry-After"] == "7"
    assert (
        problem_of(errors.UnauthenticatedError("no key")).headers["WWW-Authenticate"] == 'Basic realm="kairos", Bearer'
    )


def test_a_problem_may_have_further_members():
    assert problem(400, "Bad", "is bad", rejected=[1]).get_json()["rejected"] == [1]
