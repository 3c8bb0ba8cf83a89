"""The topology's schedules as jobs of the local scheduler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from emulators.scheduler import Job

UTC = "Etc/UTC"
_RETRIES = 3
"""For what starts once a day, not every minute."""


def jobs(
    topology: Mapping[str, Any], endpoints: Mapping[str, str], project: str, headers: Mapping[str, str]
) -> list[Job]:
    """What the topology schedules and is not paused, as far as it runs here.

    Args:
        topology: with `schedules`, each of a service or of a workflow.
        endpoints: addresses by name; `workflows` is that of what runs workflows.
        project: whose workflows they are.
        headers: what lets the clock in.
    """
    found = []
    for name, declared in topology.get("schedules", {}).items():
        if declared.get("paused", False):
            continue
        cron, zone = declared["cron"], declared.get("time_zone", UTC)
        if "service" in declared:
            url = endpoints[declared["service"]] + declared.get("path", "/")
            seconds = float(declared["attempt_deadline_seconds"])
            found.append(Job(name, cron, zone, url, headers, deadline_seconds=seconds))
        elif "workflows" in endpoints:
            workflow = f"projects/{project}/locations/{topology['region']}/workflows/{declared['workflow']}"
            body = json.dumps({"argument": json.dumps(declared.get("argument", {}))}).encode()
            kind = {"content-type": "application/json"}
            url = f"{endpoints['workflows']}/v1/{workflow}/executions"
            found.append(Job(name, cron, zone, url, kind, body, retries=_RETRIES))
    return found
