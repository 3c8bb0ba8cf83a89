"""Catalogues of a test's own, which nobody governs."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.governance.switches import SwitchedOff
from shared.domain.policy.policy import Policy


class Ungoverned:
    """What is live decides for everybody, and what a test says is switched off."""

    off: Sequence[SwitchedOff] = ()

    def current(self) -> Policy:
        raise NotImplementedError

    def deciding(self, _person_id: str) -> Policy:
        return self.current()

    def switched_off(self) -> Sequence[SwitchedOff]:
        return self.off
