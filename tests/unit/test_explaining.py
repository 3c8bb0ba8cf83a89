"""An explanation as people read it."""

from __future__ import annotations

from io import StringIO

import msgspec
from rich.console import Console

from cli.explaining import say_explanation
from shared.domain.audiences import tell
from shared.domain.replay import replayed
from tests.unit.domain.test_why_not import bank_of, decided


def test_values_that_were_read_are_told_as_a_catalogue_writes_them():
    case = {
        "conditions": ["!profile.vip", "profile.age > 70", 'profile.first_name != "Bo"'],
        "person": {"vip": True, "first_name": "Ida"},
    }
    bank = bank_of(case)
    record = replayed(bank, decided(bank, case))
    said = StringIO()

    say_explanation(msgspec.to_builtins(tell(bank, record, "regulator")), Console(file=said, width=200))

    for read in ("profile.vip = true", "profile.age = missing", 'profile.first_name = "Ida"'):
        assert f"[{read}]" in said.getvalue()
