"""CEL expressions over a person, a signal and a candidate: what they may see and what their answers mean.

Evaluation is Google's own CEL. An expression cannot reach Python, cannot loop without bound and does no I/O. A value
that is missing makes an expression *unknown*, any other failure makes it an *error*; neither is ever taken for false.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, cast

from cel_expr_python import cel

from shared.domain.catalogue import Attribute
from shared.domain.profile import Profile
from shared.domain.signal import Signal


class Verdict(StrEnum):
    """What an expression said."""

    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"
    ERROR = "error"


# What an expression may read of a candidate; a mention in a text literal too only costs an evaluation.
_CANDIDATE_READS = re.compile(r"\b(action|treatment)\.([a-z]+)")

# How the library begins to word an absence: of a key in a map, of a variable's value. What follows quotes data.
_ABSENT = ("NOT_FOUND: ", "UNKNOWN: No value with name ")


class Situation:
    """All that expressions may see of one decision, bound once and read by many."""

    def __init__(self, language: Language, variables: dict[str, Any]) -> None:
        """Bind the variables that no candidate changes."""
        self._language = language
        self._variables = variables
        self.bound = language.bind(variables)

    def with_candidate(self, action: Mapping[str, Any], treatment: Mapping[str, Any]) -> cel.Activation:
        """The same situation as one candidate sees it."""
        return self._language.bind({**self._variables, "action": dict(action), "treatment": dict(treatment)})


class Expression:
    """One compiled expression. `reads_of_candidate` are the (variable, field) pairs of the candidate that it
    mentions.
    """

    def __init__(self, text: str, compiled: cel.Expression) -> None:
        """Hold the text for explanations and the compiled form for evaluation."""
        self.text = text
        self.reads_of_candidate = tuple(sorted(set(_CANDIDATE_READS.findall(text))))
        self._compiled = compiled

    def verdict(self, activation: cel.Activation) -> Verdict:
        """Whether it holds."""
        result = self._compiled.eval(activation)
        kind = result.type()
        if kind == cel.Type.BOOL:
            return Verdict.HOLDS if result.value() else Verdict.FAILS
        if kind == cel.Type.ERROR and str(result.value()).startswith(_ABSENT):
            return Verdict.UNKNOWN
        return Verdict.ERROR

    def number(self, activation: cel.Activation) -> float | None:
        """The number it yields, None where a value is missing or it yields none: `1.0 / 0.0` is infinite in CEL."""
        result = self._compiled.eval(activation)
        if result.type() not in (cel.Type.INT, cel.Type.UINT, cel.Type.DOUBLE):
            return None
        number = float(cast("int | float", result.value()))
        return number if math.isfinite(number) else None


class Language:
    """CEL with the variables of this catalogue. Attributes come untyped at run time; types are checked when
    building.
    """

    def __init__(self, profile_schema: Mapping[str, Attribute]) -> None:
        """Declare the variables: maps for everything, and each declared timestamp under its full name."""
        self._doubles = tuple(name for name, attribute in profile_schema.items() if attribute.type == "double")
        untyped = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
        self._timestamps = tuple(name for name, attribute in profile_schema.items() if attribute.type == "timestamp")
        variables = dict.fromkeys(("profile", "signal", "context", "action", "treatment"), untyped)
        variables["now"] = cel.Type.TIMESTAMP
        variables.update({f"profile.{name}": cel.Type.TIMESTAMP for name in self._timestamps})
        self._env = cel.NewEnv(variables=variables)

    def compile(self, text: str) -> Expression:
        """Compile an expression that the build has checked.

        Raises:
            ValueError: the expression is not CEL.
        """
        try:
            return Expression(text, self._env.compile(text))
        except RuntimeError as error:
            raise ValueError(str(error)) from error

    def bind(self, variables: dict[str, Any]) -> cel.Activation:
        """An activation of these variables."""
        return self._env.Activation(variables)

    def situation(self, profile: Profile, signal: Signal, context: Mapping[str, Any], now: datetime) -> Situation:
        """What expressions see of this person and moment. An attribute that is null is one that is not there."""
        known = {name: value for name, value in profile.attributes.items() if value is not None}
        seen: dict[str, Any] = {
            **known,
            "brands": list(profile.brands),
            "products": list(profile.products),
            "flags": list(profile.flags),
            "reachable": list(profile.reachable),
        }
        for name in self._doubles:
            if name in seen:
                seen[name] = _double(seen[name])
        variables: dict[str, Any] = {
            "profile": seen,
            "signal": {"type": signal.type, "source": signal.source, "properties": signal.properties},
            "context": dict(context),
            "now": now,
        }
        for name in self._timestamps:
            if name in known:
                variables[f"profile.{name}"] = _instant(known[name])
        return Situation(self, variables)


def _double(value: Any) -> Any:
    """A whole number as a double, since JSON writes 5.0 as 5, and CEL does not multiply an int by a double. What is no
    number, or beyond a double, stays as it is: whatever reads it is an error.
    """
    if type(value) is not int:
        return value
    try:
        return float(value)
    except OverflowError:
        return value


def _instant(value: Any) -> Any:
    """The instant that an attribute names, in UTC where it says no zone, whatever the machine's is. What names none
    stays as it is: an expression that reads it is an error, and one that does not is none the worse.
    """
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
