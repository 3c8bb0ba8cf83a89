"""Which functions there are, with their parameters: one that ends in `?` may be left out."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import NamedTuple

_HTTP = "url headers? query? body? auth? timeout? ca_certificate? private_service_name?"
_PLAIN = {
    "default": "value default_value",
    "double": "value",
    "get_type": "value",
    "if": "condition if_true if_false",
    "int": "value",
    "keys": "map",
    "len": "value",
    "string": "value",
    "base64.decode": "data padding?",
    "base64.encode": "data padding?",
    "hash.compute_checksum": "data algorithm",
    "hash.compute_hmac": "key data algorithm",
    "http.default_retry_predicate": "exception",
    "http.default_retry_predicate_non_idempotent": "exception",
    "json.decode": "data",
    "json.encode": "data indent?",
    "json.encode_to_string": "data indent?",
    "list.concat": "objs val",
    "list.prepend": "objs val",
    "map.delete": "map key",
    "map.get": "map keys",
    "map.merge": "first second",
    "map.merge_nested": "first second",
    "math.abs": "x",
    "math.floor": "x",
    "math.max": "x y",
    "math.min": "x y",
    "retry.always": "exception",
    "retry.never": "exception",
    "sys.get_env": "name default?",
    "sys.now": "",
    "text.decode": "data charset?",
    "text.encode": "text charset?",
    "text.find_all": "source substr",
    "text.find_all_regex": "source regexp",
    "text.match_regex": "source regexp",
    "text.replace_all": "source substr repl",
    "text.replace_all_regex": "source regexp repl",
    "text.split": "source separator",
    "text.substring": "source start end",
    "text.to_lower": "source",
    "text.to_upper": "source",
    "text.url_decode": "source",
    "text.url_encode": "source",
    "text.url_encode_plus": "source",
    "time.format": "seconds timezone?",
    "time.parse": "value",
    "uuid.generate": "",
}
_BLOCKING = {
    "events.await_callback": "callback timeout?",
    "events.create_callback_endpoint": "http_callback_method",
    "experimental.executions.map": "workflow_id arguments location? project_id?",
    "experimental.executions.run": "workflow_id argument? location? project_id?",
    "http.delete": _HTTP,
    "http.get": _HTTP,
    "http.patch": _HTTP,
    "http.post": _HTTP,
    "http.put": _HTTP,
    "http.request": f"method {_HTTP}",
    "sys.log": "data? severity? text? json? timeout?",
    "sys.sleep": "seconds",
    "sys.sleep_until": "time",
}
CONSTANTS = frozenset({"http.default_retry", "http.default_retry_non_idempotent", "retry.default_backoff"})
"""What of the standard library is a value and no function."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
AUTHENTICATION = ("OIDC", "OAuth2")
WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sys.log": {"severity": SEVERITIES},
    "http.request": {"method": METHODS},
    "events.create_callback_endpoint": {"http_callback_method": METHODS},
}
"""Arguments that are one of a few words, by function."""

CONNECTORS = ("googleapis.", "gke.", "shell.")
"""How names of connectors begin."""


POSITIONAL: Mapping[str, tuple[str, ...]] = {
    "googleapis.secretmanager.v1.projects.secrets.versions.accessString": ("secret_id", "version", "project_id"),
    "googleapis.secretmanager.v1.projects.secrets.addVersionString": ("secret_id", "data", "project_id"),
}
"""Connectors that an expression may call, with the order of what it gives them."""


class Signature(NamedTuple):
    """A function's parameters in order, which of them must be given, and whether it waits for something outside, and so
    cannot stand in an expression.
    """

    parameters: tuple[str, ...]
    needed: frozenset[str]
    blocking: bool


def _signature(parameters: str, *, blocking: bool) -> Signature:
    names = parameters.split()
    return Signature(
        tuple(each.rstrip("?") for each in names), frozenset(each for each in names if each[-1] != "?"), blocking
    )


SIGNATURES: Mapping[str, Signature] = {
    **{name: _signature(parameters, blocking=False) for name, parameters in _PLAIN.items()},
    **{name: _signature(parameters, blocking=True) for name, parameters in _BLOCKING.items()},
}
"""Every function of the standard library."""


def suggestion(name: str, known: list[str]) -> str:
    """A hint at what somebody may have meant, empty where nothing is like it."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""
