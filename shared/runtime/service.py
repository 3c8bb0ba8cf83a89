"""A service: the routes of one function, its health, and errors as answers."""

from __future__ import annotations

import io
import traceback
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.formparser import FormDataParser
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from shared.domain.errors import InvalidError, KairosError
from shared.domain.ready import ready
from shared.runtime import trace
from shared.runtime.problems import TooLargeError, UnsupportedMediaTypeError, problem, problem_of
from shared.runtime.telemetry import log

Answer = Callable[..., Response]
"""Answers a request, given it and the variables of its path."""

Route = tuple[str, str, Answer]
"""Method, path as werkzeug writes it, and what answers."""

T = TypeVar("T")

_ASYNCAPI = Path(__file__).resolve().parents[1] / "messages" / "asyncapi.json"

MAX_BODY = 1024 * 1024
"""A request's body, as sent and as unpacked."""

MAX_FORM = 16 * 1024
"""A form of few fields, of which browsers and mailboxes may send what they like."""

_TYPES = ("application/json", "text/plain", "application/cloudevents+json")


class Service:
    """Answers HTTP requests: its own routes, `GET /health`, `GET /ready` and, where it has a document of them,
    `GET /openapi.json`, with `GET /asyncapi.json` of what travels behind them.
    """

    def __init__(
        self,
        name: str,
        routes: Sequence[Route],
        *,
        ready: Callable[[], object],
        origins: Callable[[], frozenset[str]] = frozenset,
        document: Callable[[], Mapping[str, Any]] | None = None,
    ) -> None:
        """Serve routes of (method, path, answer); an answer takes the request and the path's variables.

        Args:
            name: of the function.
            routes: paths as werkzeug writes them, `/v1/sources/<source>`.
            ready: raises a KairosError with the reason while the function cannot serve.
            origins: browser origins that may call, for CORS.
            document: makes its OpenAPI document, which `GET /openapi.json` gives to anybody.
        """
        self._name = name
        self._ready = ready
        self._origins = origins
        self._answers: dict[str, Answer] = {}
        rules = [
            Rule("/health", methods=["GET"], endpoint="health"),
            Rule("/ready", methods=["GET"], endpoint="ready"),
        ]
        for method, path, answer in routes:
            endpoint = f"{method} {path}"
            self._answers[endpoint] = answer
            rules.append(Rule(path, methods=[method], endpoint=endpoint))
        if document is not None:
            rules.append(Rule("/openapi.json", methods=["GET"], endpoint="openapi"))
            self._answers["openapi"] = lambda _request: json_answer(document())
            rules.append(Rule("/asyncapi.json", methods=["GET"], endpoint="asyncapi"))
            self._answers["asyncapi"] = lambda _request: Response(_ASYNCAPI.read_bytes(), mimetype="application/json")
        self._map = Map(rules)
        self._answers["health"] = lambda _request: json_answer({"status": "alive", "function": name})
        self._answers["ready"] = self._answer_ready

    def __call__(self, request: Request) -> Response:
        """Answer one request. Every answer carries `traceparent`."""
        here = trace.continue_from(request.headers.get("traceparent"))
        origin = request.headers.get("origin", "")
        allowed = False
        try:
            allowed = bool(origin) and origin in self._origins()
        except KairosError as error:  # no page can be told yet which ones may call
            response = problem_of(error)
        else:
            asks = request.method == "OPTIONS" and "access-control-request-method" in request.headers
            response = _preflight() if allowed and asks else self._answer(request)
        response.headers["traceparent"] = trace.current() or here
        if allowed:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = "traceparent, retry-after"
            response.headers["Vary"] = "Origin"
        return response

    def _answer(self, request: Request) -> Response:
        try:
            endpoint, variables = self._map.bind_to_environ(request.environ).match()
            return self._answers[endpoint](request, **variables)
        except MethodNotAllowed as error:
            response = problem(
                405, "Method not allowed", f"{request.path} takes {', '.join(error.valid_methods or ())}"
            )
            response.headers["Allow"] = ", ".join(error.valid_methods or ())
            return response
        except HTTPException as error:
            status = error.code or 400
            return problem(
                status, error.name, f"{self._name} has nothing at this path" if status == 404 else error.name
            )
        except KairosError as error:
            return problem_of(error)
        except Exception as error:  # noqa: BLE001 - the one place where the unknown is caught
            log("ERROR", f"{self._name}: {error!r}", stack=traceback.format_exc())
            return problem(500, "Internal error", "logged with its trace")

    def _answer_ready(self, _request: Request) -> Response:
        self._ready()
        return json_answer({"status": "ready", "function": self._name})


def _preflight() -> Response:
    """What a browser has to hear before it lets a page of an origin that may call do so."""
    response = Response(status=204)
    response.headers["Access-Control-Allow-Methods"] = "POST"
    response.headers["Access-Control-Allow-Headers"] = (
        "content-type, content-encoding, x-api-key, authorization, traceparent"
    )
    response.headers["Access-Control-Max-Age"] = "600"
    return response


def always_ready() -> None:
    """The readiness of a function that needs nothing before its first request."""


def json_answer(body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON. One that says that nothing was taken is a problem, and the body its further members."""
    if status >= 400:
        return problem(
            status, "Nothing accepted", "each item was refused; its own problem says why", **msgspec.to_builtins(body)
        )
    return Response(msgspec.json.encode(body), status=status, headers=headers, content_type="application/json")


def read_body(request: Request, limit: int = MAX_BODY) -> bytes:
    """The body of a request, unpacked.

    Raises:
        TooLargeError: beyond the limit, as sent or as unpacked.
        UnsupportedMediaTypeError: neither JSON nor the `text/plain` of a beacon, or an encoding other than gzip.
        InvalidError: not the gzip it says it is.
    """
    check_type(request)
    return unpacked(request, read_raw(request, limit), limit)


def read_as(request: Request, form: type[T], limit: int = MAX_BODY) -> T:
    """The body of a request as what it has to be.

    Raises:
        TooLargeError, UnsupportedMediaTypeError: as of `read_body`.
        InvalidError: it is no JSON, or not that, with the field that is wrong.
    """
    try:
        return msgspec.json.decode(read_body(request, limit), type=ready(form))
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `$")
        raise InvalidError(detail, field=path.strip("`.")) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidError(f"not JSON: {error}") from error
    except RecursionError:
        raise InvalidError("is nested too deep") from None


def read_form(request: Request, limit: int = MAX_FORM) -> Mapping[str, str]:
    """The fields of a form; none where it cannot be read.

    Raises:
        TooLargeError, InvalidError: as of `read_raw`.
    """
    body = read_raw(request, limit)
    return FormDataParser().parse(io.BytesIO(body), request.mimetype, len(body), request.mimetype_params)[1]


def check_type(request: Request) -> None:
    """Raise UnsupportedMediaTypeError unless the body is JSON, or the `text/plain` of a beacon."""
    kind = request.mimetype
    if kind not in _TYPES and not kind.endswith("+json"):
        raise UnsupportedMediaTypeError("send application/json, or text/plain from a beacon", field="content-type")


def read_raw(request: Request, limit: int = MAX_BODY) -> bytes:
    """The body of a request as it was sent: what a sender signs.

    Raises:
        TooLargeError: beyond the limit.
        InvalidError: it ends before its end, or its chunks are none.
    """
    too_large = TooLargeError(f"a body has at most {limit} bytes; send more in several requests")
    if (request.content_length or 0) > limit:
        raise too_large
    try:
        body = request.stream.read(limit + 1)
    except Exception:  # noqa: BLE001 - servers have errors of their own for it, without a base in common
        raise InvalidError("the body does not come as its headers say") from None
    if len(body) > limit:
        raise too_large
    return body


def unpacked(request: Request, body: bytes, limit: int = MAX_BODY) -> bytes:
    """A request's body, unpacked if it says that it is packed.

    Raises:
        TooLargeError: beyond the limit.
        UnsupportedMediaTypeError: an encoding other than gzip.
        InvalidError: not the gzip it says it is.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise UnsupportedMediaTypeError("only gzip is unpacked", field="content-encoding")
    unpack = zlib.decompressobj(wbits=31)
    try:
        plain = unpack.decompress(body, limit + 1)
    except zlib.error:
        raise InvalidError("is not gzip", field="content-encoding") from None
    if len(plain) > limit:
        raise TooLargeError(f"a body has at most {limit} bytes; send more in several requests")
    if not unpack.eof:
        raise InvalidError("the gzip stream ends too early", field="content-encoding")
    if unpack.unused_data:
        raise InvalidError("more follows the end of the gzip stream: pack it in one piece", field="content-encoding")
    return plain
