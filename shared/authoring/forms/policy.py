"""Conditions of engagement policy, as they stand on any level of the taxonomy."""

from __future__ import annotations

from typing import Literal

from shared.authoring.forms.form import Form
from shared.domain.catalogue import PolicyKind
from shared.domain.part import Cel, Name, Text


class Condition(Form, frozen=True, kw_only=True):
    """A condition of engagement policy.

    Attributes:
        name: what explanations call it; each is there once per level and kind.
        when: CEL over profile, signal, context, action and now; it is true for those whom it lets through.
        reason: why it stops a person, in words that a customer may read.
        on_missing: whether to drop or to allow where it reads something unknown.
    """

    name: Name
    when: Cel
    reason: Text
    on_missing: Literal["drop", "allow"] = "drop"


class Policy(Form, frozen=True, kw_only=True):
    """The conditions of one level, by kind.

    Attributes:
        eligibility: may this person ever have it.
        applicability: does it make sense now.
        suitability: is it right to offer it.
    """

    eligibility: tuple[Condition, ...] = ()
    applicability: tuple[Condition, ...] = ()
    suitability: tuple[Condition, ...] = ()

    def of(self, kind: PolicyKind) -> tuple[Condition, ...]:
        """The conditions of one kind."""
        conditions: tuple[Condition, ...] = getattr(self, kind)
        return conditions
