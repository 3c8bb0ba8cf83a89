"""What Terraform deploys is what the topology declares, and what the local platform makes of it."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
import yaml

from emulators.ports import Ports
from emulators.provisioning import _push_subscription, _subscription, provision_bigquery, written_by_bigquery
from emulators.schedules import jobs
from emulators.workflows.serving.places import beside
from infra.rollout import applied
from shared.domain.erasure import BACKUP_DAYS, PARKED_DAYS, TOPIC_DAYS
from tests.terraform.deployed import GIVEN, ROOT, Deployed, TerraformError, copied, terraform

TOPOLOGY = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
SERVICES = TOPOLOGY["services"]
PROJECT = GIVEN["project"]
REGION = TOPOLOGY["region"]
ADDRESSES = {name: f"https://kairos-{name}-123456789012.{REGION}.run.app" for name in SERVICES}
PUSHED = {
    each["service"]
    for each in (*TOPOLOGY["subscriptions"].values(), *TOPOLOGY["schedules"].values())
    if "service" in each
}
PUSHED_TOPICS = {each["topic"] for each in TOPOLOGY["subscriptions"].values()}


def one(blocks):
    [block] = blocks
    return block


# Messages


def test_topics_are_those_of_the_local_platform(deployed):
    assert deployed.of("pubsub_topic").keys() == TOPOLOGY["topics"].keys()


def test_subscriptions_are_those_of_the_local_platform(deployed):
    found = deployed.of("pubsub_subscription")
    written = {each["name"]: each for each in written_by_bigquery(TOPOLOGY)}

    assert found.keys() == {*TOPOLOGY["subscriptions"], *TOPOLOGY["pull_subscriptions"], *written}
    for name, declared in TOPOLOGY["subscriptions"].items():
        local = _push_subscription(PROJECT, name, declared, ADDRESSES[declared["service"]], "t")
        made, letters = found[name], one(found[name]["dead_letter_policy"])
        push = one(made["push_config"])
        assert made["topic"] == local.topic
        assert made["ack_deadline_seconds"] == local.ack_deadline_seconds
        assert letters["dead_letter_topic"] == local.dead_letter_policy.dead_letter_topic
        assert letters["max_delivery_attempts"] == local.dead_letter_policy.max_delivery_attempts
        assert push["push_endpoint"] == local.push_config.push_endpoint.partition("?")[0]
        assert one(made["retry_policy"]) == {
            "minimum_backoff": f"{declared['minimum_backoff_seconds']}s",
            "maximum_backoff": f"{declared['maximum_backoff_seconds']}s",
        }
    for name, declared in TOPOLOGY["pull_subscriptions"].items():
        local = _subscription(PROJECT, name, declared)
        assert (found[name]["topic"], found[name]["ack_deadline_seconds"]) == (local.topic, local.ack_deadline_seconds)
        assert not found[name]["push_config"]
    for name, rows in written.items():
        config = one(found[name]["bigquery_config"])
        assert config["table"] == f"{PROJECT}.kairos.{rows['table']}"
        assert config["drop_unknown_fields"] == rows.get("drop_unknown_fields", False)
    assert all(one(each["expiration_policy"]) == {"ttl": ""} for each in found.values()), (
        "idle ones would go after 31 days"
    )


def test_a_push_proves_itself_to_the_service_that_is_told_of_it(deployed):
    for name, declared in TOPOLOGY["subscriptions"].items():
        token = one(one(deployed.of("pubsub_subscription")[name]["push_config"])["oidc_token"])
        service = deployed.of("cloud_run_v2_service")[f"kairos-{declared['service']}"]
        assert token["service_account_email"] == TOPOLOGY["push"]["account"].format(project=PROJECT)
        assert service["custom_audiences"] == [token["audience"]]


def test_who_takes_dead_letters_may(deployed):
    agent = "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
    members = deployed.all["google_pubsub_subscription_iam_member"].values()
    taken = {each["subscription"]: each["member"] for each in members if each["member"] == agent}
    published = [
        each["topic"] for each in deployed.all["google_pubsub_topic_iam_member"].values() if each["member"] == agent
    ]

    assert taken == dict.fromkeys(TOPOLOGY["subscriptions"], agent)
    assert published == ["dead-letters"]


# State


class Tables:
    """Notes the tables that the local platform would make."""

    project = PROJECT

    def create_dataset(self, dataset, **_):
        self.dataset, self.tables = dataset.dataset_id, {}

    def create_table(self, table, **_):
        self.tables[table.table_id] = table


def test_tables_are_those_of_the_local_platform(deployed):
    local = Tables()
    provision_bigquery(TOPOLOGY, local)

    found = deployed.of("bigquery_table", "table_id")
    assert found.keys() == local.tables.keys()
    for name, table in local.tables.items():
        made = found[name]
        assert made["dataset_id"] == local.dataset
        assert [
            (column["name"], column["type"], column["mode"], column["description"])
            for column in json.loads(made["schema"])
        ] == [(column.name, column.field_type, column.mode, column.description) for column in table.schema]
        assert one(made["time_partitioning"])["field"] == table.time_partitioning.field
        assert one(made["time_partitioning"])["type"] == table.time_partitioning.type_
        assert made["clustering"] == table.clustering_fields


def test_the_database_of_keys_forgets_and_no_other(deployed):
    kept = {name: each["point_in_time_recovery_enablement"] for name, each in deployed.of("firestore_database").items()}

    assert kept.keys() == TOPOLOGY["databases"].keys()
    assert [name for name, each in kept.items() if each.endswith("DISABLED")] == ["person-keys"]


def test_what_an_erasure_reports_of_copies_is_so(deployed):
    recovered = {name for name, each in TOPOLOGY["databases"].items() if each["point_in_time_recovery"]}
    backups = deployed.of("firestore_backup_schedule", "database")
    retained = {name: each["message_retention_duration"] for name, each in deployed.of("pubsub_subscription").items()}
    sealed = TOPOLOGY["bigquery"]["subscription"]["name"]

    assert {name: each["retention"] for name, each in backups.items()} == dict.fromkeys(recovered, days(BACKUP_DAYS))
    assert {each for name, each in retained.items() if name != sealed} == {days(TOPIC_DAYS)}
    quarantine = next(
        each for each in deployed.all["google_firestore_field"].values() if each["collection"] == "quarantine"
    )
    assert one(quarantine["ttl_config"])["expiration_offset"] == days(PARKED_DAYS)


def days(number):
    return f"{number * 86_400}s"


def test_what_holds_data_or_serves_cannot_be_deleted_by_mistake(deployed):
    for kind in ("bigquery_table", "cloud_run_v2_service", "secret_manager_secret", "workflows_workflow"):
        assert all(each["deletion_protection"] for each in deployed.all[f"google_{kind}"].values()), kind
    for database in deployed.of("firestore_database").values():
        assert (database["delete_protection_state"], database["deletion_policy"]) == (
            "DELETE_PROTECTION_ENABLED",
            "PREVENT",
        )


def test_everything_that_a_service_or_workflow_is_given_as_a_secret_is_there(deployed):
    given = {
        f"kairos-{variable.lower().replace('_', '-')}" for each in SERVICES.values() for variable in each["secrets"]
    }

    assert set(deployed.outputs["secrets_to_fill"]) >= given | {
        "kairos-operator-key-seal",
        "kairos-source-key-scheduler",
    }


# Services and what they may do


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


# Workflows and the clock


def test_a_workflow_is_deployed_from_the_very_file_that_runs_here(deployed):
    found = deployed.of("workflows_workflow")

    assert found.keys() == {f"kairos-{name}" for name in TOPOLOGY["workflows"]}
    for name, declared in TOPOLOGY["workflows"].items():
        made = found[f"kairos-{name}"]
        assert made["source_contents"] == (ROOT / declared["source"]).read_text(encoding="utf-8")
        assert len(made["source_contents"].encode()) <= 128 * 1024
        told = {f"{each.upper().replace('-', '_')}_URL": ADDRESSES[each] for each in declared.get("calls", [])}
        assert (made["user_env_vars"] or {}) == told | declared.get("environment", {})


def test_a_workflow_is_told_here_whatever_it_is_told_there(deployed):
    local = json.loads(json.dumps(beside(PROJECT, ADDRESSES, {"firestore": "127.0.0.1:1"}, "t", {}).environment))

    for name, made in deployed.of("workflows_workflow").items():
        assert (made["user_env_vars"] or {}).keys() <= local.keys(), name


def test_what_a_workflow_calls_it_may(deployed):
    for name, declared in TOPOLOGY["workflows"].items():
        definition = (ROOT / declared["source"]).read_text(encoding="utf-8")
        may = deployed.may(name)
        assert {("run.invoker", f"kairos-{each}") for each in declared.get("calls", [])} <= may
        for secret in secrets(definition):
            assert ("secretmanager.secretAccessor", secret) in may
        for connector, role in {
            "bigquery": "bigquery.jobUser",
            "firestore": "datastore.viewer",
            "workflowexecutions": "workflows.invoker",
        }.items():
            if f"googleapis.{connector}." in definition:
                assert any(each.startswith(role) for each, _ in may), (
                    f"{name} calls {connector}: infra/topology/workflows.tf"
                )


def secrets(definition: str) -> set[str]:
    """The secrets that a workflow reads."""
    found = set()

    def look(node):
        if isinstance(node, dict):
            if isinstance(node.get("secret_id"), str):
                found.add(node["secret_id"])
            for each in node.values():
                look(each)
        elif isinstance(node, list):
            for each in node:
                look(each)

    look(yaml.safe_load(definition))
    return found


def test_a_workflow_calls_no_connector_of_which_nobody_said_who_may(deployed):
    known = {"bigquery", "firestore", "monitoring", "secretmanager", "workflowexecutions"}

    for name, made in deployed.of("workflows_workflow").items():
        called = set(re.findall(r"call: googleapis\.(\w+)\.", made["source_contents"]))
        assert called <= known, f"{name}: say its role in infra/topology/workflows.tf, and then here"


def test_the_clock_starts_what_it_starts_here(deployed):
    endpoints = {**ADDRESSES, "workflows": "https://workflowexecutions.googleapis.com"}
    local = {job.name: job for job in jobs(TOPOLOGY, endpoints, PROJECT, {})}

    found = {name.removeprefix("kairos-"): each for name, each in deployed.of("cloud_scheduler_job").items()}
    assert found.keys() == local.keys()
    for name, job in local.items():
        target = one(found[name]["http_target"])
        assert (found[name]["schedule"], found[name]["time_zone"]) == (job.cron, job.zone)
        assert target["uri"].replace("/workflows/kairos-", "/workflows/") == job.url
        assert one(found[name]["retry_config"])["retry_count"] == job.retries
        if job.body:
            made, wanted = json.loads(base64.b64decode(target["body"])), json.loads(job.body)
            assert json.loads(made["argument"]) == json.loads(wanted["argument"])
            assert (
                one(target["oauth_token"])["service_account_email"] == f"kairos-push@{PROJECT}.iam.gserviceaccount.com"
            )
        else:
            assert found[name]["attempt_deadline"] == f"{job.deadline_seconds:.0f}s"
            service = TOPOLOGY["schedules"][name]["service"]
            assert one(target["oidc_token"])["audience"] == f"https://kairos-{service}.{PROJECT}"


# Who is told


def test_somebody_is_told_of_everything_that_waits(deployed):
    policies = deployed.of("monitoring_alert_policy", "display_name")
    filters = {name: one(each["conditions"]) for name, each in policies.items()}

    waiting = one(filters["Kairos: messages wait"]["condition_threshold"])["filter"]
    assert all(f'"{name}"' in waiting for name in (*TOPOLOGY["subscriptions"], "history-to-bigquery"))
    assert '"dead-letters"' in one(filters["Kairos: dead letters wait"]["condition_threshold"])["filter"]
    assert all(each["notification_channels"] for each in policies.values())


def test_what_went_well_is_logged_now_and_then_and_everything_else_always(deployed):
    [exclusion] = deployed.of("logging_project_exclusion").values()

    assert "httpRequest.status < 400" in exclusion["filter"]
    assert "sample(insertId, 0.99)" in exclusion["filter"]


# Applying


def test_applying_again_changes_nothing_and_leaves_what_a_release_did(deployed_in, attached, tmp_path):
    state = json.loads((deployed_in / "terraform.tfstate").read_text(encoding="utf-8"))
    [services] = [each for each in state["resources"] if each["type"] == "google_cloud_run_v2_service"]
    for each in services["instances"]:
        released = each["attributes"]
        released["template"][0]["containers"][0] |= {"image": "functions@sha256:1", "command": None}
        released["traffic"] = [
            {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "r-1", "percent": 100, "tag": "r"}
        ]
        released["client"] = "gcloud"
    file = tmp_path / "released.tfstate"
    file.write_text(json.dumps({**state, "serial": state["serial"] + 1}), encoding="utf-8")

    assert "No changes" in terraform(deployed_in, "plan", "-detailed-exitcode", f"-state={file}", attached=attached)


def test_what_is_added_to_the_topology_is_taken_up_without_a_word_of_terraform(deployed_in, tmp_path, attached):
    topology = json.loads(json.dumps(TOPOLOGY))  # without references
    topology["topics"]["offers-expired"] = {"message": "offer.expired"}
    topology["services"]["audit"] = {
        **topology["services"]["identity"],
        "publishes": ["offers-expired"],
        "secrets": ["AUDIT_KEY"],
    }
    topology["subscriptions"]["audit"] = {
        **topology["subscriptions"]["identity"],
        "topic": "offers-expired",
        "service": "audit",
    }
    topology["workflows"]["count"] = {"source": "workflows/count.yaml", "calls": ["audit"]}
    topology["schedules"]["count"] = {"workflow": "count", "cron": "0 4 * * *"}
    counting = (
        "main:\n  steps:\n"
        "    - read:\n        call: googleapis.secretmanager.v1.projects.secrets.versions.accessString\n"
        "        args:\n          secret_id: kairos-operator-key-count\n"
        "    - ask:\n        call: googleapis.bigquery.v2.jobs.query\n"
    )
    folder = copied(ROOT, tmp_path, topology=topology, workflows={"count.yaml": counting})
    shutil.copy(deployed_in / "terraform.tfstate", folder)

    terraform(folder, "init", attached=attached)
    terraform(folder, "apply", "-auto-approve", "-refresh=false", attached=attached)

    made = Deployed(terraform(folder, "show", "-json", attached=attached))
    assert "offers-expired" in made.of("pubsub_topic")
    assert one(made.of("pubsub_subscription")["audit"]["push_config"])["push_endpoint"].startswith(
        "https://kairos-audit-"
    )
    assert ("pubsub.publisher", "offers-expired") in made.may("audit")
    assert {"kairos-audit-key", "kairos-operator-key-count"} <= made.of("secret_manager_secret", "secret_id").keys()
    assert made.may("count") == {
        ("run.invoker", "kairos-audit"),
        ("secretmanager.secretAccessor", "kairos-operator-key-count"),
        ("bigquery.jobUser", "project"),
        ("bigquery.dataViewer", "kairos"),
    }
    assert made.of("cloud_scheduler_job")["kairos-count"]["schedule"] == "0 4 * * *"


@pytest.mark.parametrize(
    ("file", "was", "is_now", "said"),
    [
        (
            "messages.tf",
            "ack_deadline_seconds       = each.value.ack_deadline_seconds",
            "ack_deadline = 1",
            "Unsupported argument",
        ),
        ("data.tf", '"FIRESTORE_NATIVE"', '"FIRESTORE"', "type is 'FIRESTORE'"),
        ("data.tf", "replication {", "replicated {", "Unsupported block type"),
    ],
)
def test_what_google_would_refuse_is_refused_here(tmp_path, attached, file, was, is_now, said):
    folder = copied(ROOT, tmp_path)
    text = (folder / file).read_text(encoding="utf-8")
    assert was in text
    (folder / file).write_text(text.replace(was, is_now), encoding="utf-8")
    terraform(folder, "init", attached=attached)

    with pytest.raises(TerraformError, match=said):
        terraform(folder, "plan", attached=attached)


def test_nobody_who_would_be_told_is_a_mistake(deployed_in, attached):
    with pytest.raises(TerraformError, match="Somebody has to be told"):
        terraform(deployed_in, "plan", attached=attached, given={"alert_emails": "[]"})


def test_the_files_are_formatted():
    assert terraform(ROOT / "infra", "fmt", "-check", "-recursive", "-diff") == ""
