"""What is well-formed in a catalogue and yet cannot be meant: each finding with its place.

An action that nobody can reach, or two caps that contradict each other, are errors. What merely never matters is a
warning. Where it cannot be decided, nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.authoring import forms
from shared.authoring.analysis import contact, signals, slots
from shared.authoring.analysis.reach import Contradiction, Implied, Reach, Rule
from shared.authoring.names import Files, Names
from shared.authoring.places import Place
from shared.authoring.problems import Problems, Severity
from shared.domain.catalogue import Action, AnyFeature, Catalogue, Trigger
from shared.domain.policy.atoms import Path

_MOST_NAMED = 3


def analyse(catalogue: Catalogue, files: Files, names: Names, problems: Problems, *, warns: bool) -> None:
    """Note what is found in a catalogue that has no error otherwise.

    Args:
        catalogue: as it was built.
        files: what it was built of.
        names: for the places in the files.
        problems: where to note it.
        warns: whether to look for what is a warning too.
    """
    _Analysis(catalogue, files, names, problems).run(warns=warns)


class _Analysis:
    """One catalogue under analysis."""

    def __init__(self, catalogue: Catalogue, files: Files, names: Names, problems: Problems) -> None:
        self._catalogue = catalogue
        self._files = files
        self._names = names
        self._problems = problems
        self._policies = dict(_policies(files))
        closed: dict[Path, tuple[str, ...]] = {
            (root, name): attribute.values
            for root, schema in (("profile", files.schema.profile), ("context", files.schema.context))
            for name, attribute in schema.items()
        }
        self._reach = Reach(catalogue, closed)

    def run(self, *, warns: bool) -> None:
        """Look for everything."""
        self._unreachable(warns=warns)
        for finding in contact.findings(self._catalogue):
            if warns or finding.is_error:
                (rule,) = [r for r in self._files.contact_policy.rules if r.id == finding.rule]
                place = self._names.place(rule, finding.field)
                self._note(place, finding.message, "error" if finding.is_error else "warning")
        self._slots(warns=warns)
        self._signals(warns=warns)
        if warns:
            for implied in self._reach.implied():
                self._note(self._condition(implied.condition), self._why_implied(implied), "warning")
            self._levers()

    def _slots(self, *, warns: bool) -> None:
        declared = self._files.arbitration.slots
        bundles = {bundle.name: bundle for bundle in declared.bundles}
        for finding in slots.findings(self._catalogue):
            if warns or finding.is_error:
                form = declared if finding.bundle is None else bundles[finding.bundle]
                place = self._names.place(form, *finding.keys)
                self._note(place, finding.message, "error" if finding.is_error else "warning")

    def _signals(self, *, warns: bool) -> None:
        forms_of: dict[str, dict[str, AnyFeature | Trigger]] = {
            "feature": {feature.name: feature for feature in self._files.features.features},
            "trigger": {trigger.name: trigger for trigger in self._files.triggers.triggers},
        }
        for finding in signals.findings(self._catalogue, self._reach):
            if warns or finding.is_error:
                place = self._names.place(forms_of[finding.what][finding.name], *finding.keys)
                self._note(place, finding.message, "error" if finding.is_error else "warning")

    def _unreachable(self, *, warns: bool) -> None:
        dead: dict[Contradiction, list[Action]] = {}
        for action, treatment, why in self._reach.unreachable():
            if treatment is None:
                dead.setdefault(why, []).append(action)
            elif warns:
                message = f"{self._contradicts(why)}: treatment {treatment.id} reaches nobody"
                self._note(self._condition(why.condition), message, "warning")
        for why, actions in dead.items():
            message = f"{self._contradicts(why)}: nobody can reach {_listed([action.id for action in actions])}"
            self._note(self._condition(why.condition), message, "error")

    def _contradicts(self, why: Contradiction) -> str:
        if why.alone:
            return "no person can meet this condition"
        if why.against is None:
            return "no person can meet this condition and those above it together"
        if isinstance(why.against, Rule):
            return f"no person can meet this condition, since {why.against.words}"
        return f"contradicts {self._named(why.against)}"

    def _why_implied(self, implied: Implied) -> str:
        if implied.always:
            return "stops nobody: it holds for every person"
        if implied.by is None:
            return "stops nobody whom the conditions above and beside it let through"
        return f"stops nobody whom {self._named(implied.by)} lets through"

    def _named(self, number: int) -> str:
        condition = self._catalogue.conditions[number]
        place = self._condition(number)
        return f"{condition.level} {condition.name} ({place.file}:{place.line})"

    def _condition(self, number: int) -> Place:
        condition = self._catalogue.conditions[number]
        policy = self._policies[condition.level]
        (form,) = [form for form in policy.of(condition.kind) if form.name == condition.name]
        return self._names.place(form, "when")

    def _levers(self) -> None:
        """Levers that nothing takes, groups without actions, and weights that weigh nothing."""
        weights = self._files.arbitration.weights
        if weights.lever == 0:
            self._note(self._names.place(weights, "lever"), "no lever counts: their exponent is 0", "warning")
        actions = [action for file in self._files.actions for action in file.actions]
        groups = self._files.bank.groups
        for group in groups:
            own = [action for action in actions if action.group == group.id]
            if not own:
                self._note(self._names.place(group, "id"), "no action is in this group", "warning")
            self._lever(group, used=any(action.lever is None for action in own))
        for issue in self._files.bank.issues:
            own_groups = {group.id for group in groups if group.issue == issue.id and group.lever is None}
            self._lever(issue, used=any(a.lever is None and a.group in own_groups for a in actions))
        for weight in self._files.arbitration.context_weights:
            if not contact.holds_any(self._catalogue, weight.scope):
                place = self._names.place(weight, "scope")
                self._note(place, "no treatment is in this scope: the weight never counts", "warning")
            if weight.weight == 1:
                self._note(self._names.place(weight, "weight"), "a weight of 1 changes nothing", "warning")

    def _lever(self, level: forms.Issue | forms.Group, *, used: bool) -> None:
        if level.lever is not None and not used:
            message = "never used: no action below takes its lever from here"
            self._note(self._names.place(level, "lever"), message, "warning")

    def _note(self, place: Place, message: str, severity: Severity) -> None:
        self._problems.add(place, message, severity=severity)


def _policies(files: Files) -> Iterator[tuple[str, forms.Policy]]:
    """The policy of every level, by what a revision calls it."""
    yield "catalogue", files.bank.policy
    levels: dict[str, tuple[forms.Level, ...]] = {
        "brand": files.bank.brands,
        "issue": files.bank.issues,
        "group": files.bank.groups,
    }
    for kind, forms_of_kind in levels.items():
        yield from ((f"{kind}:{form.id}", form.policy) for form in forms_of_kind)
    for file in files.actions:
        for action in file.actions:
            yield f"action:{action.id}", action.policy
            yield from ((f"treatment:{action.id}.{t.id}", t.policy) for t in action.treatments)


def _listed(ids: list[str]) -> str:
    if len(ids) <= _MOST_NAMED:
        return ", ".join(ids)
    return f"{', '.join(ids[:_MOST_NAMED])} and {len(ids) - _MOST_NAMED} more"
