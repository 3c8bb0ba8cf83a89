"""What Terraform deploys is what the topology declares, and what the local platform makes of it: messages, state, and
who is told when something is wrong.
"""

from __future__ import annotations

import json

from emulators.provisioning import _push_subscription, _subscription, provision_bigquery, written_by_bigquery
from shared.domain.erasure import BACKUP_DAYS, PARKED_DAYS, TOPIC_DAYS
from tests.terraform.deployed import (
    ADDRESSES,
    PROJECT,
    SERVICES,
    TOPOLOGY,
    one,
)

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
        assert made["require_partition_filter"] is table.require_partition_filter is True


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
