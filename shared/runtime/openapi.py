"""OpenAPI 3.1: what a function takes over HTTP and what it answers, from its routes and the structs they speak in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from shared.runtime.problems import Problem

Types = tuple[Any, ...]
"""Of which a body is one."""

ANY_JSON: Types = (dict[str, Any], list[dict[str, Any]])
"""A body whose shape somebody else decides: an object, or an array of them."""

_REFERENCE = "#/components/schemas/{name}"
_VARIABLE = re.compile(r"<(\w+)>")
_TEXT = {"type": "string"}
_BY_KEY = {
    "api_key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "The caller's key."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The caller's key, or a token of an issuer."},
    "basic": {"type": "http", "scheme": "basic", "description": "The caller's key as the user, as CDPs send it."},
}
_REFUSALS = {
    400: "Nothing of it was taken. The problem says why; of each item, where there are several.",
    401: "It does not prove who sends.",
    403: "Who sends may not do this.",
    404: "There is no such thing.",
    409: "It does not fit the state that things have by now: a step is missing, or somebody else was faster.",
    410: "Its person was erased.",
    413: "It is too large.",
    415: "It is of a content type, or packed in a way, that is not taken.",
    429: "It came faster than its source may send.",
    503: "Not now; the same again does no harm.",
}
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
_TRACE = {"traceparent": {"description": "The trace of the request, as W3C has it.", "schema": _TEXT}}


class Parameter(msgspec.Struct, frozen=True):
    """A variable of a path, or what may stand behind its question mark."""

    name: str
    description: str
    schema: dict[str, Any] = msgspec.field(default_factory=lambda: dict(_TEXT))


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """What one route does.

    Attributes:
        method: of HTTP.
        path: as werkzeug writes it.
        summary: what it is for.
        answer: the status of success, what it means, and the types of which its body is one.
        refusals: the statuses of its problems.
        body: the types of which the body of a request is one; none where it has no body.
        variables: of its path.
        query: what may stand behind the question mark.
        media: the content types that it takes.
    """

    method: str
    path: str
    summary: str
    answer: tuple[int, str, tuple[Any, ...]]
    refusals: tuple[int, ...]
    body: tuple[Any, ...] = ()
    variables: tuple[Parameter, ...] = ()
    query: tuple[Parameter, ...] = ()
    media: tuple[str, ...] = ("application/json",)


def document(name: str, summary: str, operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI document of a function."""
    types = [kind for operation in operations for kind in (*operation.body, *operation.answer[2])]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REFERENCE)
    for component in components.values():
        if "description" in component:
            component["description"] = " ".join(component["description"].partition("\n\n")[0].split())
    *waiting, problem = schemas
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        body = [waiting.pop(0) for _ in operation.body]
        answer = [waiting.pop(0) for _ in operation.answer[2]]
        path = paths.setdefault(_VARIABLE.sub(r"{\1}", operation.path), {})
        path[operation.method.lower()] = _described(operation, body, answer, problem)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Kairos: {name}", "version": "1", "summary": summary},
        "security": [{scheme: []} for scheme in _BY_KEY],
        "paths": paths,
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": _BY_KEY},
    }


def _described(
    operation: Operation, body: list[dict[str, Any]], answer: list[dict[str, Any]], problem: dict[str, Any]
) -> dict[str, Any]:
    """One operation, with the schemas of what it takes and gives."""
    status, meaning, _ = operation.answer
    words = re.findall(r"\w+", operation.path.removeprefix("/v1"))
    described: dict[str, Any] = {
        "operationId": "_".join([operation.method.lower(), *words]),
        "summary": operation.summary,
        "parameters": [
            *({**_of(each), "in": "path", "required": True} for each in operation.variables),
            *({**_of(each), "in": "query"} for each in operation.query),
        ],
        "responses": {
            str(status): {"description": meaning, "headers": _TRACE, "content": _content(answer, "application/json")}
        },
    }
    if body:
        content = {media: {"schema": _one_of(body)} for media in operation.media}
        described["requestBody"] = {"required": True, "content": content}
    for refusal in operation.refusals:
        described["responses"][str(refusal)] = {
            "description": _REFUSALS[refusal],
            "headers": {**_TRACE, **(_RETRY if refusal in (429, 503) else {})},
            "content": _content([problem], "application/problem+json"),
        }
    return described


def _of(parameter: Parameter) -> dict[str, Any]:
    return {"name": parameter.name, "description": parameter.description, "schema": parameter.schema}


def _content(schemas: list[dict[str, Any]], media: str) -> dict[str, Any]:
    return {media: {"schema": _one_of(schemas)}}


def _one_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
