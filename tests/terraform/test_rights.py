"""Who may do what, and what stands before the first release."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from emulators.ports import Ports
from infra.rollout import applied
from tests.terraform.deployed import (
    PUSHED,
    ROOT,
    SERVICES,
    TOPOLOGY,
    one,
)

PUSHED_TOPICS = {each["topic"] for each in TOPOLOGY["subscriptions"].values()}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_may_do_what_the_topology_says_and_no_more(deployed, service):
    declared = SERVICES[service]
    databases = {
        name
        for name, each in TOPOLOGY["databases"].items()
        if each.get("told_by", "-") in {"-", *declared["environment"]}
    }
    beginning = TOPOLOGY["secrets_read"].get(service)
    asks = service in TOPOLOGY["history_read"]

    assert deployed.may(service) == {
        *(("pubsub.publisher", topic) for topic in declared["publishes"]),
        *(("pubsub.publisher", topic) for topic in PUSHED_TOPICS if declared.get("puts_back")),
        *(("pubsub.subscriber", name) for name in declared.get("pulls", [])),
        *(("datastore.user", name) for name in databases),
        *(("secretmanager.secretAccessor", f"kairos-{each.lower().replace('_', '-')}") for each in declared["secrets"]),
        *([("secretmanager.secretAccessor", beginning)] if beginning else []),
        *(
            [("cloudkms.cryptoKeyEncrypterDecrypter", "person-keys")]
            if "PERSON_KEYS" in declared["environment"]
            else []
        ),
        *([("bigquery.jobUser", "project"), ("bigquery.dataViewer", "kairos")] if asks else []),
    }


def test_a_release_finds_on_each_service_what_it_was_made_of(deployed):
    wanted = applied(ROOT, TOPOLOGY)

    assert {each["labels"]["applied"] for each in deployed.all["google_cloud_run_v2_service"].values()} == {wanted}
    assert re.fullmatch(r"[a-z0-9_-]{1,63}", wanted)


def test_only_those_who_send_or_erase_reach_addresses(deployed):
    assert {name for name in SERVICES if ("datastore.user", "contact-points") in deployed.may(name)} == {
        "delivery",
        "privacy",
    }


def test_anybody_may_call_public_services_and_nothing_else(deployed):
    anybody = {
        each["name"]
        for each in deployed.all["google_cloud_run_v2_service_iam_member"].values()
        if each["member"] == "allUsers"
    }
    everywhere = [
        each for kind, found in deployed.all.items() if kind.endswith("_iam_member") for each in found.values()
    ]

    assert anybody == {f"kairos-{name}" for name, each in SERVICES.items() if each["public"]}
    assert not [each for each in everywhere if each["role"] in {"roles/owner", "roles/editor", "roles/viewer"}]
    assert deployed.may("push") == {
        *(("run.invoker", f"kairos-{name}") for name in PUSHED),
        ("workflows.invoker", "project"),
    }


def test_names_are_nobody_elses_and_fit(deployed):
    names = [*SERVICES, *TOPOLOGY["workflows"], "build", "push"]

    assert sorted(names) == sorted(set(names)), "a service and a workflow of one name would share an account"
    accounts = deployed.of("service_account", "account_id")
    assert accounts.keys() == {f"kairos-{name}" for name in names}
    assert all(6 <= len(each) <= 30 for each in accounts)


def test_until_the_first_release_a_service_refuses_whatever_comes(deployed):
    container = one(one(deployed.of("cloud_run_v2_service")["kairos-delivery"]["template"])["containers"])
    ports = Ports()
    port = ports.take()
    assert container["command"][:2] == ["python3", "-c"]
    program = container["command"][2].replace("8080", str(port))
    process = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    try:
        assert answered(port) == 501
    finally:
        process.kill()
        process.wait()
        ports.release()


def answered(port: int) -> int:
    """The status that a push gets, as soon as anything answers."""
    until = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", data=b"{}", timeout=5)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            assert time.monotonic() < until, "nothing answers"
            time.sleep(0.02)
        else:
            return 200
