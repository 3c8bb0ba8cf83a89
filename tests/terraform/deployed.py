"""What Terraform makes of this repository, with a provider that stands in for Google's."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
STATE_ON_DISK = 'terraform {\n  backend "local" {}\n}\n'
GIVEN = {
    "project": "test-bank",
    "alert_emails": '["on-call@bank.example"]',
    "billing_account": "012345-6789AB-CDEF01",
    "repository": "projects/test-bank/locations/europe-west2/connections/git/repositories/kairos",
    "releasers": '["group:releasers@bank.example"]',
}
TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
SERVICES = TOPOLOGY["services"]
PROJECT, REGION = GIVEN["project"], TOPOLOGY["region"]
ADDRESSES = {name: f"https://kairos-{name}-123456789012.{REGION}.run.app" for name in SERVICES}
PUSHED = {
    each["service"]
    for each in (*TOPOLOGY["subscriptions"].values(), *TOPOLOGY["schedules"].values())
    if "service" in each
}
"""Services that topics or the clock call."""


class TerraformError(Exception):
    """Terraform refused something; the text is what it said."""


def copied(
    root: Path, to: Path, *, topology: Mapping[str, Any] | None = None, workflows: Mapping[str, str] | None = None
) -> Path:
    """Copy what Terraform reads, with its state on disk; another topology and more workflows where they are given."""
    shutil.copytree(
        root / "infra", to / "infra", ignore=shutil.ignore_patterns("*.py", "__pycache__", ".terraform*", "*.tfvars")
    )
    shutil.copytree(root / "workflows", to / "workflows")
    (to / "infra" / "backend_override.tf").write_text(STATE_ON_DISK)
    (to / "shared").mkdir()
    text = (
        (root / "shared" / "topology.yaml").read_text(encoding="utf-8")
        if topology is None
        else yaml.safe_dump(topology)
    )
    (to / "shared" / "topology.yaml").write_text(text, encoding="utf-8")
    for name, definition in (workflows or {}).items():
        (to / "workflows" / name).write_text(definition, encoding="utf-8")
    return to / "infra"


def terraform(folder: Path, *arguments: str, attached: str = "", given: Mapping[str, str] | None = None) -> str:
    """Run Terraform in a folder; gives what it printed.

    Raises:
        TerraformError: it failed.
    """
    environment = {
        **{name: each for name, each in os.environ.items() if not name.startswith("TF_")},
        **{f"TF_VAR_{name}": each for name, each in (GIVEN | dict(given or {})).items()},
        "CHECKPOINT_DISABLE": "1",
        "TF_CLI_CONFIG_FILE": os.devnull,
        "TF_IN_AUTOMATION": "1",
        "TF_REATTACH_PROVIDERS": attached,
    }
    done = subprocess.run(
        ["terraform", f"-chdir={folder}", *arguments], capture_output=True, text=True, check=False, env=environment
    )
    if done.returncode:
        raise TerraformError(done.stdout + done.stderr)
    return done.stdout


def one(blocks: list[Any]) -> Any:
    """The only one of them."""
    [block] = blocks
    return block


class Deployed:
    """Everything that Terraform made, by type and key."""

    def __init__(self, shown: str) -> None:
        """Read what `terraform show -json` printed."""
        self.all: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        state = json.loads(shown)["values"]
        self.outputs = {name: each["value"] for name, each in state["outputs"].items()}
        for resource in state["root_module"]["resources"]:
            if resource["mode"] == "managed":
                self.all[resource["type"]][resource["address"]] = resource["values"]

    def of(self, kind: str, by: str = "name") -> dict[str, dict[str, Any]]:
        """Resources of a type, by one of their arguments."""
        return {each[by]: each for each in self.all[f"google_{kind}"].values()}

    def may(self, account: str) -> set[tuple[str, str]]:
        """What an account may do: role, and on what; a condition stands for what it names."""
        found = set()
        for kind, resources in self.all.items():
            for each in resources.values():
                if (
                    kind.endswith("_iam_member")
                    and each["member"] == f"serviceAccount:kairos-{account}@test-bank.iam.gserviceaccount.com"
                ):
                    places = (
                        each.get(name)
                        for name in (
                            "topic",
                            "subscription",
                            "name",
                            "secret_id",
                            "table_id",
                            "dataset_id",
                            "crypto_key_id",
                            "service_account_id",
                            "repository",
                        )
                    )
                    condition = each["condition"][0]["title"] if each["condition"] else ""
                    place = condition or next((place.rpartition("/")[2] for place in places if place), "project")
                    found.add((each["role"].removeprefix("roles/"), place))
        return found
