"""The module `http` of the standard library: a step's arguments as a request, and the answer as the step gets it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from emulators.workflows.language.signatures import AUTHENTICATION
from emulators.workflows.library import arguments as given
from emulators.workflows.running.failures import failure
from emulators.workflows.running.outside import Answer, Outside, Request
from emulators.workflows.running.values import text, to_json, type_of

MOST_BYTES = 2 * 1024 * 1024
DEFAULT_SECONDS = 300.0
MOST_SECONDS = 1800.0


def request(outside: Outside, method: str, arguments: Mapping[str, Any]) -> Request:
    """What a step asks for, with the token that it wants.

    Raises:
        WorkflowError: it is no request.
    """
    if method == "REQUEST":
        method = given.text("method", arguments["method"]).upper()
    url = _address(given.text("url", arguments["url"]), arguments.get("query"))
    headers = {name: _header(name, value) for name, value in _table("headers", arguments.get("headers")).items()}
    seconds = given.number("timeout", arguments.get("timeout") or DEFAULT_SECONDS)
    if not 0 < seconds <= MOST_SECONDS:
        raise failure("ValueError", f"timeout is at most {MOST_SECONDS:g} seconds")
    auth = arguments.get("auth")
    if auth is not None:
        headers["Authorization"] = _authorization(outside, given.table("auth", auth), url)
    body = _body(arguments.get("body"), headers)
    return Request(method, url, headers, body, seconds)


def answered(answer: Answer) -> dict[str, Any]:
    """What a step gets: body, code and headers.

    Raises:
        WorkflowError: the answer says that it failed, or is longer than an execution may take in.
    """
    if len(answer.body) > MOST_BYTES:
        raise failure("ResourceLimitError", "the answer is longer than 2 MB")
    headers = dict(answer.headers)
    body = _content(answer.body, next((v for k, v in headers.items() if k.lower() == "content-type"), ""))
    if answer.status >= 400:
        said = f"HTTP server responded with error code {answer.status}"
        raise failure("HttpError", said, code=answer.status, headers=headers, body=body)
    return {"body": body, "code": answer.status, "headers": headers}


def _table(what: str, value: Any) -> dict[str, Any]:
    return {} if value is None else given.table(what, value)


def _header(name: str, value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise failure("TypeError", f"the header {name} must be text, and is of type {type_of(value)}")
    return text(value)


def _address(url: str, query: Any) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise failure("ValueError", f"{url!r} is no address of http or https")
    added = []
    for name, value in _table("query", query).items():
        several = value if isinstance(value, list) else [value]
        added += [(name, _plain(each)) for each in several if each is not None]
    if not added:
        return url
    together = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *added])
    return urlunsplit(parts._replace(query=together))


def _authorization(outside: Outside, auth: Mapping[str, Any], url: str) -> str:
    kind = auth.get("type")
    if kind not in AUTHENTICATION:
        raise failure("ValueError", f"the type of auth is one of {', '.join(AUTHENTICATION)}")
    return f"Bearer {outside.token(kind, str(auth.get('audience') or url))}"


def _body(body: Any, headers: dict[str, str]) -> bytes | None:
    """The body as it travels, with its type in `headers` where that is not said."""
    if body is None:
        return None
    kind = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    if isinstance(body, bytes):
        return body
    if isinstance(body, dict) and kind and kind.startswith("application/x-www-form-urlencoded"):
        return urlencode([(name, _plain(each)) for name, each in body.items()]).encode()
    if kind is None:
        headers["Content-Type"] = f"{'text/plain' if isinstance(body, str) else 'application/json'}; charset=utf-8"
    return body.encode() if isinstance(body, str) else to_json(body).encode()


def _plain(value: Any) -> str:
    """A value as an address or a form has it."""
    return text(value) if isinstance(value, str | int | float) else to_json(value)


def _content(body: bytes, kind: str) -> Any:
    """A body as its type says: JSON as values, text as text, anything else as bytes."""
    bare = kind.partition(";")[0].strip().lower()
    if bare == "application/json" or bare.endswith("+json"):
        if not body:
            return None
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise failure("ResponseTypeError", "the answer says that it is JSON, and is none") from None
    if bare.startswith("text/") or bare in ("", "application/xml", "application/x-www-form-urlencoded"):
        try:
            return body.decode()
        except UnicodeDecodeError:
            return body
    return body
