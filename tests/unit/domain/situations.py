"""What a case says in words, made into what the domain takes.

The cases speak of the bank of the corpus (`tests/corpus/bank`), without its conditions and rules: each brings its own,
written as in a catalogue. Times are said from `NOW`: `3d`, `6d 23h 59m 59s`.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.authoring import build, read
from shared.domain.catalogue import Revision, facts
from shared.domain.consent import Consent
from shared.domain.contact import Contact
from shared.domain.contact_history import ContactHistory
from shared.domain.delivery import RESERVATION_TTL
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import Signal
from tests.corpus.tree_bank import CORPUS

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CASES = Path(__file__).parent / "cases"
_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_LISTS = ("brands", "products", "flags", "reachable", "audiences")


def written(name: str) -> Any:
    """The cases of a file."""
    return yaml.safe_load((CASES / f"{name}.yaml").read_text(encoding="utf-8"))


def cases(name: str, *shared: str) -> list[Any]:
    """The cases of a file as parameters; where they stand in groups, each with what its group shares."""
    every = []
    for entry in written(name):
        group = {key: entry[key] for key in shared if key in entry}
        every += [{**group, **case} for case in entry["cases"]] if "cases" in entry else [entry]
    names = [case["case"] for case in every]
    assert len(set(names)) == len(names), "two cases have one name"
    return [pytest.param(case, id=case["case"]) for case in every]


def span(said: str) -> timedelta:
    """A length of time: `6d 23h 59m 59s`."""
    parts = [re.fullmatch(r"(\d+)([dhms])", part) for part in said.split()]
    assert all(parts), f"{said!r} is no length of time"
    return timedelta(seconds=sum(int(part[1]) * _UNITS[part[2]] for part in parts if part))


def said(length: timedelta) -> str:
    """The same in words."""
    seconds, words = int(length.total_seconds()), []
    for unit, size in _UNITS.items():
        count, seconds = divmod(seconds, size)
        words += [f"{count}{unit}"] * bool(count)
    return " ".join(words) or "0s"


def policy(**changes: Any) -> Policy:
    """The bank as a case changes it, compiled.

    Args:
        changes: `rules`, `context_weights`, `weights`, `slots`, `exclusions`, `predictors`, `exploration`, `learning`
            as in a catalogue; `policy`: conditions by level and kind; `actions`: fields by action; `only`: the actions
            that there are; `estimators`: by name what arbitration.yaml and what its file says.
    """
    return _policy(json.dumps({key: value for key, value in changes.items() if value is not None}, default=str))


@cache
def _policy(changes: str) -> Policy:
    changed = json.loads(changes)
    files = {name: yaml.safe_load(text) for name, text in read(CORPUS / "bank").items()}
    conditions = changed.get("policy", {})
    bank = files["bank.yaml"]
    bank["policy"] = conditions.pop("catalogue", {})
    bank["exclusions"] = changed.get("exclusions", [])
    for level in ("brand", "issue", "group"):
        for named in bank[f"{level}s"]:
            named["policy"] = conditions.pop(f"{level}:{named['id']}", {})
    for name, file in files.items():
        if not name.startswith("actions/"):
            continue
        file["actions"] = [a for a in file["actions"] if a["id"] in changed.get("only", [a["id"]])]
        for action in file["actions"]:
            action.update(changed.get("actions", {}).get(action["id"], {}))
            action["policy"] = conditions.pop(f"action:{action['id']}", {})
            for treatment in action["treatments"]:
                treatment["policy"] = conditions.pop(f"treatment:{action['id']}.{treatment['id']}", {})
    assert not conditions, f"no such level: {', '.join(conditions)}"
    files["schema.yaml"]["profile"] |= {
        "time_zone": {"type": "string", "description": "Where the customer is"},
        "messages_wanted": {"type": "int", "description": "How many messages a week the customer wants"},
    }
    files["contact_policy.yaml"] = {"rules": changed.get("rules", [])}
    files["arbitration.yaml"] = {
        "weights": changed.get("weights", {}),
        "context_weights": changed.get("context_weights", []),
        "slots": changed.get("slots", {}),
        "predictors": changed.get("predictors", []),
        "exploration": changed.get("exploration", "off"),
        "learning": changed.get("learning", {}),
        "estimators": [{"name": name, **form} for name, (form, _) in changed.get("estimators", {}).items()],
    }
    files |= {f"estimators/{name}.json": declared for name, (_, declared) in changed.get("estimators", {}).items()}
    return Policy(
        build({name: json.dumps(file, default=str) for name, file in files.items() if file.get("actions", True)})
    )


def person(**known: Any) -> Profile:
    """A person: lists by their names, consents as `granted 3d ago`, everything else an attribute."""
    lists = {name: tuple(known.pop(name)) for name in _LISTS if name in known}
    consents = {}
    for key, word in known.pop("consents", {}).items():
        verb, ago = word.removesuffix(" ago").split(" ", 1)
        assert verb in {"granted", "withdrawn"}
        consents[key] = Consent(granted=verb == "granted", at=NOW - span(ago), source="branch")
    return Profile(
        person_id="p-1",
        version=1,
        created_at=NOW - timedelta(days=700),
        attributes=known,
        consents=consents,
        **{"brands": ("oak",), "reachable": ("email", "sms"), **lists},
    )


def signal(**fields: Any) -> Signal:
    """A signal of that person."""
    given = {"id": "s-1", "type": "page_viewed", "source": "web", "identifiers": {"customer_no": "ab"}}
    return Signal(**{"at": NOW, "received_at": NOW, **given, **fields})


def moment(said: str, zone: tzinfo = UTC) -> datetime:
    """A time: `3d ago` from `NOW`, or `on 2026-03-29 08:30` on a zone's clock: where it shows that twice the first,
    unless its offset is said: `on 2026-10-25 01:30 +00:00`.
    """
    if said.endswith(" ago"):
        return NOW - span(said.removesuffix(" ago"))
    day, clock, *offset = said.removeprefix("on ").split(" ")
    if offset:
        return datetime.fromisoformat(f"{day}T{clock}{offset[0]}").astimezone(UTC)
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=zone).astimezone(UTC)


def contact(revision: Revision, line: str, number: int = 1, zone: tzinfo = UTC) -> Contact:
    """An entry of the contact history: `saver.email sent 3d ago, click 2d ago`, `tips.email sent on 2026-03-28 23:30`.

    First comes what became of its delivery (reserved, sent, released or presented), then its outcomes.
    """
    begun, *followed = line.split(", ")
    treatment_id, state, when = begun.split(" ", 2)
    at = moment(when, zone)
    return Contact(
        delivery_id=f"v-{number}",
        revision=revision.id,
        decision_id=f"d-{number}",
        state={"sent": "sending"}.get(state, state),
        at=at,
        expires_at=at + RESERVATION_TTL if state == "reserved" else None,
        outcomes={(words := each.split(" ", 1))[0]: moment(words[1], zone) for each in followed},
        **facts(*revision.treatment(treatment_id)),
    )


def history(revision: Revision, lines: list[str], zone: tzinfo = UTC) -> ContactHistory:
    """A person's contact history."""
    entries = [contact(revision, line, number, zone) for number, line in enumerate(lines, start=1)]
    return ContactHistory(contacts={entry.delivery_id: entry for entry in entries})
