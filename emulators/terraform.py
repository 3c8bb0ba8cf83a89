"""Terraform on this machine: the tests apply infra/ with it, against a provider that stands in for Google's."""

from __future__ import annotations

import shutil

WHAT = "Terraform is not here."
HOW = "https://developer.hashicorp.com/terraform/install has it; 1.9 or newer, on the path as `terraform`"


def find() -> str | None:
    """Where it is."""
    return shutil.which("terraform")
