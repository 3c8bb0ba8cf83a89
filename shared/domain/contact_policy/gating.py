"""Which rules gate which purpose: of the treatments of each, how many a rule is asked about."""

from __future__ import annotations

from typing import get_args

import msgspec

from shared.domain.contact_policy.compiled import ContactRules
from shared.domain.rules import Purpose

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, and the treatments that it may stop.

    Attributes:
        rule: its id.
        kind: of the rule.
        judged: how many treatments of each purpose it judges; purposes that no treatment has are left out.
    """

    rule: str
    kind: str
    judged: dict[Purpose, int]


class Gates(msgspec.Struct, frozen=True, kw_only=True):
    """The table of a revision.

    Attributes:
        treatments: how many there are of each purpose.
        rules: in the order in which they are tried.
    """

    treatments: dict[Purpose, int]
    rules: tuple[Gate, ...]


def gates(compiled: ContactRules) -> Gates:
    """The table of a revision's rules and purposes."""
    rows_of = {purpose: rows for purpose in PURPOSES if (rows := compiled.scopes.any("purpose", [purpose]))}
    return Gates(
        treatments={purpose: rows.bit_count() for purpose, rows in rows_of.items()},
        rules=tuple(
            Gate(
                rule=rule.id,
                kind=str(rule.__struct_config__.tag),
                judged={purpose: (rows & judged).bit_count() for purpose, rows in rows_of.items()},
            )
            for rule, judged in zip(compiled.rules, compiled.judged, strict=True)
        ),
    )
