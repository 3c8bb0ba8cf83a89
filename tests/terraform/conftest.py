"""Terraform, where it is."""

from __future__ import annotations

import pytest
import yaml

from emulators.terraform import HOW, WHAT, find
from tests.terraform.deployed import ROOT, Deployed, copied, terraform
from tests.terraform.stand_in import serving


def pytest_collection_modifyitems(items):
    if find() is None:
        for item in items:
            if item.path.parent.name == "terraform":
                item.add_marker(pytest.mark.skip(reason=f"{WHAT} To get it: {HOW}"))


@pytest.fixture(scope="session")
def attached():
    """A stand-in for Google's provider, for TF_REATTACH_PROVIDERS."""
    declared = yaml.safe_load((ROOT / "tests" / "terraform" / "google.yaml").read_text(encoding="utf-8"))
    with serving(declared) as attached:
        yield attached


@pytest.fixture(scope="session")
def deployed_in(tmp_path_factory, attached):
    """Where this repository was applied."""
    folder = copied(ROOT, tmp_path_factory.mktemp("terraform"))
    terraform(folder, "init", attached=attached)
    terraform(folder, "apply", "-auto-approve", attached=attached)
    return folder


@pytest.fixture(scope="session")
def deployed(deployed_in, attached):
    """What was made."""
    return Deployed(terraform(deployed_in, "show", "-json", attached=attached))
