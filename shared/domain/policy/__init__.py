"""A revision ready to decide: its expressions compiled once, however many decisions follow."""

from __future__ import annotations

from shared.domain.catalogue import Revision
from shared.domain.expression import Expression, Language


class Policy:
    """The compiled form of a revision."""

    def __init__(self, revision: Revision) -> None:
        """Compile every distinct expression of the revision.

        Raises:
            ValueError: an expression is not CEL; a checked revision has none such.
        """
        catalogue = revision.catalogue
        self.revision = revision
        self.language = Language(catalogue.profile_schema)
        compiled: dict[str, Expression] = {}

        def compile_once(text: str) -> Expression:
            if text not in compiled:
                compiled[text] = self.language.compile(text)
            return compiled[text]

        self.conditions = tuple(compile_once(condition.when) for condition in catalogue.conditions)
        self.context_weights = tuple(compile_once(weight.when) for weight in catalogue.context_weights)
        self.values = {
            action.id: compile_once(action.value) for action in catalogue.actions if isinstance(action.value, str)
        }
