"""A change that would have made a decision another: what was read would have been otherwise, or what it was worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

import msgspec

from shared.domain.candidates import known, named
from shared.domain.consent import Consent
from shared.domain.contact_words import moment
from shared.domain.decision import DecisionRecord
from shared.domain.nearest import said
from shared.domain.policy.atoms import MISSING, Path
from shared.domain.policy.policy import Policy
from shared.domain.profile import Profile
from shared.domain.signal import Signal

LISTS = frozenset({"brands", "products", "flags", "reachable"})
"""What expressions read under `profile` that is no attribute."""


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that would have had to be otherwise.

    Attributes:
        kind: `attribute` of what expressions read, the `time` of the decision, a `consent`, or a factor of the
            treatment's priority: `propensity`, `value` or `lever`.
        says: the change in a line: `profile.balance ≥ 500, now 430`.
        subject: the path, the consent's key or the treatment.
        value: the nearest one that does it; absent where the attribute would have to be.
    """

    kind: Literal["attribute", "time", "consent", "propensity", "value", "lever"]
    says: str
    subject: str
    value: Any = msgspec.UNSET

    @property
    def what(self) -> tuple[str, str]:
        """What it changes: of two changes of one thing the later counts."""
        return self.kind, self.subject


def apply(policy: Policy, record: DecisionRecord, changes: Iterable[Change]) -> DecisionRecord:
    """What the record would say was read, with these changes. `value` and `lever` stand in the catalogue and change
    nothing here.

    Args:
        policy: the revision that the record names.
        record: the decision.
        changes: what is assumed.
    """
    for change in changes:
        record = _applied(policy, record, change)
    return record


def _applied(policy: Policy, record: DecisionRecord, change: Change) -> DecisionRecord:
    replace = msgspec.structs.replace
    match change.kind:
        case "attribute":
            value = MISSING if change.value is msgspec.UNSET else change.value
            return _with_attribute(record, tuple(change.subject.split(".")), value)
        case "time":
            at: datetime = change.value
            return replace(record, decided_at=at, reserved_at=at)
        case "consent":
            granted = Consent(granted=True, at=record.reserved_at, source="change")
            consents = {**record.profile.consents, change.subject: granted}
            return replace(record, profile=replace(record.profile, consents=consents))
        case "propensity":
            return named(record, known(policy, record) | {change.subject: change.value})
        case _:
            return record


def _with_attribute(record: DecisionRecord, path: Path, value: Any) -> DecisionRecord:
    root, name, *deeper = path
    if root == "profile":
        return msgspec.structs.replace(record, profile=_profile(record.profile, name, deeper, value))
    return msgspec.structs.replace(record, signal=_signal(record.signal, path, value))


def _profile(profile: Profile, name: str, deeper: list[str], value: Any) -> Profile:
    if name in LISTS:
        return msgspec.structs.replace(profile, **{name: tuple(value)})
    return msgspec.structs.replace(profile, attributes=_put(profile.attributes, [name, *deeper], value))


def _signal(signal: Signal, path: Path, value: Any) -> Signal:
    if path[0] == "context":
        return msgspec.structs.replace(signal, context=_put(signal.context, path[1:], value))
    if path[1] == "properties":
        return msgspec.structs.replace(signal, properties=_put(signal.properties, path[2:], value))
    return msgspec.structs.replace(signal, **{path[1]: value})


def _put(fields: dict[str, Any], names: Iterable[str], value: Any) -> dict[str, Any]:
    """The same fields with a value at a path; without what is there where it is MISSING."""
    name, *deeper = names
    if deeper:
        inner = fields.get(name)
        return {**fields, name: _put(inner if isinstance(inner, dict) else {}, deeper, value)}
    if value is MISSING:
        return {key: known for key, known in fields.items() if key != name}
    return {**fields, name: value}


def read(record: DecisionRecord, path: Path) -> Any:
    """What an expression reads at a path, MISSING where there is nothing."""
    profile, signal = record.profile, record.signal
    roots: dict[str, Any] = {
        "profile": {
            **{name: known for name, known in profile.attributes.items() if known is not None},
            **{name: list(getattr(profile, name)) for name in LISTS},
        },
        "signal": {
            "type": signal.type,
            "source": signal.source,
            "brand": signal.brand,
            "properties": signal.properties,
        },
        "context": signal.context,
    }
    value: Any = roots
    for name in path:
        value = value.get(name, MISSING) if isinstance(value, dict) else MISSING
    return value


def later(at: datetime, zone: tzinfo = UTC) -> Change:
    """That the decision were made at a later time, told by the clock of a zone."""
    return Change(kind="time", subject="now", value=at, says=f"from {moment(at, zone)}")


def flag_gone(flags: Sequence[str], flag: str) -> Change:
    """That the person had not a flag."""
    left = [each for each in flags if each != flag]
    says = f"profile.flags without {said(flag)}, now {said(flags)}"
    return Change(kind="attribute", subject="profile.flags", value=left, says=says)
