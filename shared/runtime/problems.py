"""Problems: errors as answers to HTTP callers, `application/problem+json` of RFC 9457. Nothing of the request is
echoed.
"""

from __future__ import annotations

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from shared.domain.errors import (
    AlreadyExistsError,
    ConflictError,
    ErasedError,
    ForbiddenError,
    InvalidError,
    KairosError,
    NotFoundError,
    TransientError,
    UnauthenticatedError,
)

_STATUS: tuple[tuple[type[KairosError], int, str], ...] = (
    (UnauthenticatedError, 401, "Not authenticated"),
    (ForbiddenError, 403, "Not allowed"),
    (NotFoundError, 404, "Not found"),
    (ErasedError, 410, "Erased"),
    (AlreadyExistsError, 409, "Already there"),
    (ConflictError, 409, "Conflict"),
    (InvalidError, 400, "Invalid request"),
    (TransientError, 503, "Try again later"),
)


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem of RFC 9457. Further members say what was wrong where: `accepted` and `rejected` of a request with many
    items, each item with a problem of its own.
    """

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


class TooLargeError(InvalidError):
    """A body or a batch beyond its limit."""


class UnsupportedMediaTypeError(InvalidError):
    """A body of a content type that is not taken."""


class TooManyRequestsError(KairosError):
    """A caller that sends faster than it may.

    Attributes:
        retry_after_seconds: when it may send again, in whole seconds.
    """

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


def status_of(error: KairosError) -> tuple[int, str]:
    """The HTTP status and title of an anticipated error."""
    if isinstance(error, TooLargeError):
        return 413, "Too large"
    if isinstance(error, UnsupportedMediaTypeError):
        return 415, "Unsupported media type"
    if isinstance(error, TooManyRequestsError):
        return 429, "Too many requests"
    return next(((status, title) for kind, status, title in _STATUS if isinstance(error, kind)), (422, "Refused"))


def problem(status: int, title: str, detail: str, **members: Any) -> Response:
    """A problem as an answer."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **members}
    return Response(msgspec.json.encode(body), status=status, content_type="application/problem+json")


def problem_of(error: KairosError) -> Response:
    """An anticipated error as an answer, with the field that was wrong where there is one."""
    status, title = status_of(error)
    if isinstance(error, InvalidError):
        members = {"field": error.field} if error.field else {}
        return problem(status, title, error.detail, **members)
    response = problem(status, title, str(error))
    if isinstance(error, TooManyRequestsError):
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    if status == 503:
        response.headers["Retry-After"] = "1"
    if status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="kairos", Bearer'  # Twilio sends its key only when asked to
    return response
