"""The digest of a catalogue is of what it means: neither files, nor orders that mean nothing, nor layout change it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.authoring import build, read
from tests.generated_catalogue import generated
from tests.unit.test_authoring import reordered

CASES = Path(__file__).parents[1] / "unit" / "authoring_cases"


class Written(yaml.SafeDumper):
    """Writes each thing out where it stands, never as an alias."""

    def ignore_aliases(self, data: object) -> bool:
        return True


layouts = st.fixed_dictionaries(
    {
        "default_flow_style": st.sampled_from((True, False, None)),
        "indent": st.integers(2, 9),
        "width": st.sampled_from((20, 80, 1000)),
        "allow_unicode": st.booleans(),
        "line_break": st.sampled_from(("\n", "\r\n")),
        "explicit_start": st.booleans(),
    }
)


def rewritten(files: dict[str, str], rng: random.Random, layout: dict) -> dict[str, str]:
    """The same catalogue in other files, in another order and layout, with comments."""
    parsed = {name: reordered(name, text, rng) for name, text in files.items()}
    actions = [action for name, file in parsed.items() if name.startswith("actions/") for action in file["actions"]]
    rng.shuffle(actions)
    found = {name: file for name, file in parsed.items() if not name.startswith("actions/")}
    while actions:
        count = rng.randrange(1, len(actions) + 1)
        found[f"actions/{rng.randrange(10**9)}/{len(actions)}.yaml"] = {"actions": actions[:count]}
        del actions[:count]
    names = list(found)
    rng.shuffle(names)
    return {
        name: "# A comment.\n" + yaml.dump(found[name], Dumper=Written, sort_keys=False, **layout) for name in names
    }


@pytest.mark.parametrize(
    "files", [read(CASES / "bank"), read(CASES / "plain"), generated(12)], ids=["bank", "plain", "made"]
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), layout=layouts)
def test_the_same_meaning_has_the_same_digest(files, seed, layout):
    assert build(rewritten(files, random.Random(seed), layout)).id == build(files).id
