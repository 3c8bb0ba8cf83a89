"""The cloud as a release sees it: runs gcloud, asks a revision whether it is ready, counts its answers."""

from __future__ import annotations

import json
import shlex
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

TIMEOUT_SECONDS = 30
ABSENT = ("Cannot find service", "NOT_FOUND")
"""How Cloud Run says that there is nothing of a name."""

READY_ATTEMPTS = 6
READY_PAUSE_SECONDS = 10


class CloudError(Exception):
    """A command or a request that the release depends on failed; the text says which and how."""


def show(command: list[str]) -> None:
    """Print a command so that it can be pasted into a shell."""
    print("$", shlex.join(command), flush=True)


class Gcloud:
    """Google Cloud, reached through the gcloud command and two HTTP interfaces.

    Args:
        caller: service account whose identity asks a revision whether it is ready.
    """

    def __init__(self, caller: str) -> None:
        self.caller = caller

    def run(self, command: list[str]) -> None:
        """Run a command that changes something.

        Raises:
            CloudError: it failed.
        """
        show(command)
        done = subprocess.run(command, check=False)
        if done.returncode != 0:
            message = f"exit code {done.returncode}: {shlex.join(command)}"
            raise CloudError(message)

    def read(self, command: list[str]) -> dict[str, Any] | None:
        """Run a command that answers in JSON; None where what it asks for does not exist.

        Raises:
            CloudError: it failed for another reason.
        """
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode == 0:
            answer: dict[str, Any] = json.loads(done.stdout)
            return answer
        if any(absent in done.stderr for absent in ABSENT):
            return None
        message = f"exit code {done.returncode}: {shlex.join(command)}\n{done.stderr}"
        raise CloudError(message)

    def token(self, *options: str) -> str:
        """A token for one request.

        Raises:
            CloudError: none was given.
        """
        done = subprocess.run(["gcloud", "auth", *options], check=False, capture_output=True, text=True)
        if done.returncode != 0:
            message = f"no token: {done.stderr.strip()}"
            raise CloudError(message)
        return done.stdout.strip()

    def unready(self, address: str, audience: str) -> str:
        """Why the revision at an address cannot serve; empty when it can.

        A new revision may need a moment: it is asked several times. The audience stays the service's own address, the
        tag's address is not one that Cloud Run accepts.
        """
        token = self.token(
            "print-identity-token", f"--impersonate-service-account={self.caller}", f"--audiences={audience}"
        )
        reason = ""
        for attempt in range(READY_ATTEMPTS):
            if attempt:
                time.sleep(READY_PAUSE_SECONDS)  # nothing tells when a revision has become ready
            request = urllib.request.Request(f"{address}/ready", headers={"Authorization": f"Bearer {token}"})
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):
                    return ""
            except urllib.error.HTTPError as error:
                reason = f"{error.code} {error.read(500).decode(errors='replace')}"
            except OSError as error:
                reason = str(error)
        return reason

    def answers(self, project: str, revision: str, since: timedelta) -> dict[str, int]:
        """How many answers of each class (`2xx`, `5xx`, ...) a revision gave lately.

        Raises:
            CloudError: Cloud Monitoring did not say.
        """
        now = datetime.now(UTC)
        query = {
            "filter": 'metric.type="run.googleapis.com/request_count" AND resource.type="cloud_run_revision"'
            f' AND resource.labels.revision_name="{revision}"',
            "interval.startTime": (now - since).isoformat(),
            "interval.endTime": now.isoformat(),
            "aggregation.alignmentPeriod": f"{max(60, int(since.total_seconds()))}s",
            "aggregation.perSeriesAligner": "ALIGN_SUM",
            "aggregation.crossSeriesReducer": "REDUCE_SUM",
            "aggregation.groupByFields": "metric.labels.response_code_class",
        }
        address = f"https://monitoring.googleapis.com/v3/projects/{project}/timeSeries?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(
            address, headers={"Authorization": f"Bearer {self.token('print-access-token')}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as reply:
                series = json.load(reply).get("timeSeries", [])
        except OSError as error:
            message = f"no error rate for {revision}: {error}"
            raise CloudError(message) from error
        return {
            each["metric"]["labels"]["response_code_class"]: sum(
                int(point["value"]["int64Value"]) for point in each["points"]
            )
            for each in series
        }
