"""A definition as it runs: workflows of steps, and values in which expressions are still to be evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulators.workflows.language.expressions import Index, Member, Name, Node
from emulators.workflows.language.problems import Place, Problem


@dataclass(frozen=True)
class Constant:
    """A value without expressions."""

    value: Any
    place: Place


@dataclass(frozen=True)
class Evaluated:
    """A value that is one expression; `text` is it, and `place` that of its first character."""

    node: Node
    text: str
    place: Place


@dataclass(frozen=True)
class Sequence:
    """A list of which some items hold expressions."""

    items: tuple[Template, ...]
    place: Place


@dataclass(frozen=True)
class Table:
    """A map of which some keys or values hold expressions."""

    pairs: tuple[tuple[Template, Template], ...]
    place: Place


Template = Constant | Evaluated | Sequence | Table
Target = Name | Member | Index
"""What is assigned to: a variable, or a member of one."""


@dataclass(frozen=True)
class Assign:
    """Evaluates and assigns, one after the other."""

    assignments: tuple[tuple[Target, Template, Place], ...]


@dataclass(frozen=True)
class Call:
    """Calls a function, a connector or a subworkflow, and keeps what it gives."""

    function: str
    arguments: Mapping[str, Template]
    result: Target | None
    place: Place


@dataclass(frozen=True)
class Condition:
    """A condition of a switch, and what is done where it is the first that holds."""

    when: Template
    body: Step


@dataclass(frozen=True)
class Switch:
    """Does what belongs to the first condition that holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class For:
    """Runs its steps for each item of a list, or each number of a range that has both its ends."""

    value: str
    index: str | None
    items: Template | None
    ends: tuple[Template, Template] | Template | None
    steps: tuple[Step, ...]
    place: Place


@dataclass(frozen=True)
class Branch:
    """A named part of a parallel step."""

    name: str
    steps: tuple[Step, ...]
    place: Place


@dataclass(frozen=True)
class Parallel:
    """Runs branches, or the iterations of a loop, at once."""

    branches: tuple[Branch, ...]
    loop: For | None
    shared: tuple[str, ...]
    limit: Template | None
    place: Place


@dataclass(frozen=True)
class Retry:
    """When and how often what failed is tried again: either a policy by name, or its parts."""

    policy: Template | None
    predicate: Template | None
    most: Template | None
    backoff: Template | None


@dataclass(frozen=True)
class Try:
    """Runs steps, again where they failed and a policy says so, and handles what they raise."""

    steps: tuple[Step, ...]
    retry: Retry | None
    error: str | None
    handler: tuple[Step, ...] | None


@dataclass(frozen=True)
class Raise:
    """Raises text or a map."""

    value: Template


@dataclass(frozen=True)
class Return:
    """Ends the workflow with a value."""

    value: Template


@dataclass(frozen=True)
class Nested:
    """Steps within a step."""

    steps: tuple[Step, ...]


Action = Assign | Call | Switch | For | Parallel | Try | Raise | Return | Nested


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: as the definition has it; in a condition, that of the switch; of a call right in a try, empty.
        action: what it does, None where it only jumps.
        next: where it goes on, unless what it does says otherwise.
    """

    name: str
    action: Action | None
    next: str | None
    place: Place


@dataclass(frozen=True)
class Workflow:
    """A workflow or subworkflow; a parameter without default must be given."""

    name: str
    parameters: Mapping[str, Template | None]
    steps: tuple[Step, ...]
    place: Place


@dataclass(frozen=True)
class Definition:
    """All workflows of a source, by name; `main` is where it begins."""

    workflows: Mapping[str, Workflow]
    source: str = field(repr=False, default="")
    warnings: tuple[Problem, ...] = ()

    @property
    def main(self) -> Workflow:
        """Where an execution begins."""
        return self.workflows["main"]
