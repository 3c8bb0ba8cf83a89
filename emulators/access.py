"""Who may call the local platform: keys made at each start, and the headers that present them."""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WITH_KEYS = frozenset(
    {"ingest", "decide", "feedback", "operations", "persons", "privacy", "records", "releases", "simulation", "waves"}
)
"""Functions that callers with a key of their own reach; the others only hear Pub/Sub or the clock."""


@dataclass(frozen=True)
class Credentials:
    """What proves, on this machine only, who is calling. Each start makes new ones unless they are given."""

    source_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    colleague_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    workflow_key: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    push_token: str = field(default_factory=lambda: secrets.token_urlsafe(24))


def webhook_secret() -> str:
    """A new secret of Standard Webhooks."""
    return f"whsec_{b64encode(secrets.token_bytes(24)).decode()}"


def headers(functions: Iterable[str], credentials: Credentials) -> dict[str, dict[str, str]]:
    """The headers that let a caller in, by function: a key where callers have keys, else the push token."""
    return {
        name: {"x-api-key": credentials.source_key} if name in WITH_KEYS else tick_headers(credentials)
        for name in functions
    }


def tick_headers(credentials: Credentials) -> dict[str, str]:
    """The headers that let the clock and Pub/Sub in, at every function alike."""
    return {"authorization": f"Bearer {credentials.push_token}"}


def workflow_secrets(credentials: Credentials) -> dict[str, str]:
    """What workflows read in Secret Manager, by name: the keys that they send to functions with."""
    operators = ("erase", "export", "learn", "measure", "outbound", "reconcile", "redrive", "seal", "sweep", "weigh")
    return {
        "kairos-source-key-scheduler": credentials.source_key,
        "kairos-operator-key-release": credentials.workflow_key,
        **{f"kairos-operator-key-{name}": credentials.source_key for name in operators},
    }


def people(credentials: Credentials) -> dict[str, str]:
    """The keys of the two persons that operators of this machine may be, since nobody approves what is their own."""
    return {"local": credentials.source_key, "colleague": credentials.colleague_key}


def push_environment(service: str, topology: Mapping[str, Any], credentials: Credentials) -> dict[str, str]:
    """What a service is told of who pushes to it, or ticks, on this machine; nothing where nobody does."""
    callers = [*topology.get("subscriptions", {}).values(), *topology.get("schedules", {}).values()]
    pushed = {declared["service"] for declared in callers if "service" in declared}
    return {"PUSH_TOKEN": credentials.push_token} if service in pushed else {}


def write_google_credentials(file: Path) -> Path:
    """Write credentials that Google's clients take without asking anyone: the emulators look at none, but BigQuery's
    client does not start without.
    """
    content = {
        "type": "authorized_user",
        "client_id": "local",
        "client_secret": "local",
        "refresh_token": "local",
        "token": "local",
        "expiry": "9999-12-31T00:00:00Z",
        "quota_project_id": "kairos-local",
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), encoding="utf-8")
    return file
