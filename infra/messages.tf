# Topics; push subscriptions with their retries and dead letters; and those that are pulled or written to BigQuery.

resource "google_pubsub_topic" "of" {
  for_each = module.topology.topics
  name     = each.key
  labels   = { message = replace(each.value, ".", "_") }
  message_storage_policy {
    allowed_persistence_regions = [local.region]
  }
  depends_on = [google_project_service.api]
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = module.topology.publishers
  topic    = google_pubsub_topic.of[each.value.topic].name
  role     = "roles/pubsub.publisher"
  member   = local.member[each.value.account]
}

resource "google_pubsub_subscription" "push" {
  for_each                   = module.topology.pushes
  name                       = each.key
  topic                      = google_pubsub_topic.of[each.value.topic].id
  ack_deadline_seconds       = each.value.ack_deadline_seconds
  message_retention_duration = "604800s"
  push_config {
    push_endpoint = "${google_cloud_run_v2_service.of[each.value.service].uri}/"
    oidc_token {
      service_account_email = google_service_account.of["push"].email
      audience              = each.value.audience
    }
  }
  retry_policy {
    minimum_backoff = each.value.minimum_backoff
    maximum_backoff = each.value.maximum_backoff
  }
  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.of[each.value.dead_letter_topic].id
    max_delivery_attempts = each.value.max_delivery_attempts
  }
  expiration_policy {
    ttl = "" # never, however long nothing comes
  }
  depends_on = [google_cloud_run_v2_service_iam_member.invoker, google_service_account_iam_member.agents_call_as_push]
}

# Pub/Sub takes a dead letter from its subscription and publishes it.
resource "google_pubsub_subscription_iam_member" "dead_letters_taken" {
  for_each     = module.topology.pushes
  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.agent.pubsub
}

resource "google_pubsub_topic_iam_member" "dead_letters_published" {
  for_each = toset([for push in values(module.topology.pushes) : push.dead_letter_topic])
  topic    = google_pubsub_topic.of[each.key].name
  role     = "roles/pubsub.publisher"
  member   = local.agent.pubsub
}

resource "google_pubsub_subscription" "pull" {
  for_each                   = module.topology.pulls
  name                       = each.key
  topic                      = google_pubsub_topic.of[each.value.topic].id
  ack_deadline_seconds       = each.value.ack_deadline_seconds
  message_retention_duration = "604800s" # readable: no longer than an erasure reports
  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription_iam_member" "puller" {
  for_each     = module.topology.pullers
  subscription = google_pubsub_subscription.pull[each.value.subscription].name
  role         = "roles/pubsub.subscriber"
  member       = local.member[each.value.account]
}

resource "google_pubsub_subscription" "rows" {
  for_each                   = module.topology.rows
  name                       = each.key
  topic                      = google_pubsub_topic.of[each.value.topic].id
  ack_deadline_seconds       = 60
  message_retention_duration = each.value.retention # rows that do not fit the table wait here, and an alert tells of them
  bigquery_config {
    table               = "${var.project}.${google_bigquery_table.of[each.value.table].dataset_id}.${google_bigquery_table.of[each.value.table].table_id}"
    use_table_schema    = true
    drop_unknown_fields = each.value.drop_unknown_fields
  }
  expiration_policy {
    ttl = ""
  }
  depends_on = [google_bigquery_table_iam_member.rows_written, google_bigquery_table_iam_member.rows_described]
}
