"""What a catalogue says of engagement policy: conditions, their expressions as data, and exclusions."""

from typing import Any, Literal

import msgspec

from shared.domain.part import Id, Part, Text
from shared.domain.policy.atoms import Path
from shared.domain.policy.clauses import Clauses

PolicyKind = Literal["eligibility", "applicability", "suitability"]

POLICY_KINDS: tuple[PolicyKind, ...] = ("eligibility", "applicability", "suitability")


class Condition(Part, frozen=True, kw_only=True):
    """One condition of engagement policy, at the level that declares it."""

    name: str
    kind: PolicyKind
    level: str
    when: str
    reason: str
    on_missing: Literal["drop", "allow"] = "drop"


class Expression(Part, frozen=True, kw_only=True):
    """One CEL expression as data.

    Attributes:
        encoded: the program as JSON. Most programs are never looked at, since their clauses say the same.
        clauses: the conjunction of disjunctions of terms that a condition equals, None where it equals none.
        reads: where there are no clauses, the paths that it reads.
    """

    encoded: msgspec.Raw = msgspec.field(name="program")
    clauses: Clauses | None = None
    reads: tuple[Path, ...] = ()

    @property
    def program(self) -> Any:
        """What `shared.domain.cel` evaluates."""
        return msgspec.json.decode(self.encoded)


class Exclusion(Part, frozen=True, kw_only=True):
    """A fact of the person that excludes before any condition, for every brand.

    Attributes:
        flag: as it stands in profile.flags.
        reason: why it stops every decision.
    """

    flag: Id
    reason: Text
