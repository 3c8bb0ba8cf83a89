# What is kept: Firestore, BigQuery, keys and secrets.

resource "google_firestore_database" "of" {
  for_each                          = module.topology.databases
  name                              = each.key
  location_id                       = local.region
  type                              = "FIRESTORE_NATIVE"
  concurrency_mode                  = "PESSIMISTIC"
  point_in_time_recovery_enablement = each.value.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = var.protected ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = var.protected ? "PREVENT" : "DELETE"
  depends_on                        = [google_project_service.api]
}

resource "google_firestore_backup_schedule" "daily" {
  for_each  = module.topology.backups
  database  = google_firestore_database.of[each.key].name
  retention = each.value
  daily_recurrence {}
}

resource "google_firestore_field" "unindexed" {
  for_each   = module.topology.unindexed
  database   = google_firestore_database.of[each.value.database].name
  collection = each.value.collection
  field      = each.value.field
  index_config {}
}

resource "google_firestore_field" "expiring" {
  for_each   = module.topology.expiring
  database   = google_firestore_database.of[each.value.database].name
  collection = each.value.collection
  field      = each.value.field
  dynamic "index_config" {
    for_each = each.value.ordered ? [] : [1] # times that all grow would make one hot range of an index
    content {}
  }
  ttl_config {
    expiration_offset = each.value.offset
  }
}

# Firestore knows no rights on a collection: who may use a database may use all of it, and no other.
resource "google_project_iam_member" "database" {
  for_each = module.topology.users_of_databases
  project  = var.project
  role     = "roles/datastore.user"
  member   = local.member[each.value.account]
  condition {
    title      = each.value.database
    expression = "resource.name == \"${google_firestore_database.of[each.value.database].id}\""
  }
}

resource "google_bigquery_dataset" "history" {
  dataset_id                 = module.topology.dataset
  location                   = local.region
  description                = "What was decided and what became of it"
  delete_contents_on_destroy = !var.protected
  depends_on                 = [google_project_service.api]
}

resource "google_bigquery_table" "of" {
  for_each            = module.topology.tables
  dataset_id          = google_bigquery_dataset.history.dataset_id
  table_id            = each.key
  schema              = each.value.schema
  clustering          = each.value.cluster_by
  deletion_protection = var.protected

  # a query that would read every day is refused, whatever its text looks like
  require_partition_filter = each.value.partition_by != null
  dynamic "time_partitioning" {
    for_each = each.value.partition_by == null ? [] : [each.value.partition_by]
    content {
      type          = "DAY"
      field         = time_partitioning.value
      expiration_ms = each.value.expiration_ms
    }
  }
}

resource "google_bigquery_table_iam_member" "rows_written" {
  for_each   = module.topology.rows
  dataset_id = google_bigquery_dataset.history.dataset_id
  table_id   = google_bigquery_table.of[each.value.table].table_id
  role       = "roles/bigquery.dataEditor"
  member     = local.agent.pubsub
}

resource "google_bigquery_table_iam_member" "rows_described" {
  for_each   = module.topology.rows
  dataset_id = google_bigquery_dataset.history.dataset_id
  table_id   = google_bigquery_table.of[each.value.table].table_id
  role       = "roles/bigquery.metadataViewer"
  member     = local.agent.pubsub
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each   = module.topology.history_readers
  dataset_id = google_bigquery_dataset.history.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = local.member[each.value]
}

resource "google_project_iam_member" "asks_bigquery" {
  for_each = module.topology.history_readers
  project  = var.project
  role     = "roles/bigquery.jobUser"
  member   = local.member[each.value]
}

resource "google_kms_key_ring" "of" {
  for_each   = { for key in values(module.topology.keys) : "${key.location} ${key.ring}" => key... }
  name       = each.value[0].ring
  location   = each.value[0].location
  depends_on = [google_project_service.api]
}

resource "google_kms_crypto_key" "of" {
  for_each                   = module.topology.keys
  name                       = each.value.key
  key_ring                   = google_kms_key_ring.of["${each.value.location} ${each.value.ring}"].id
  purpose                    = "ENCRYPT_DECRYPT"
  rotation_period            = "7776000s" # 90 days; what was wrapped before opens by the version that wrapped it
  destroy_scheduled_duration = "2592000s" # 30 days in which it can be had back
  lifecycle {
    prevent_destroy = true # with it, all that is known of everybody would be gone
  }
}

resource "google_kms_crypto_key_iam_member" "user" {
  for_each      = module.topology.users_of_keys
  crypto_key_id = google_kms_crypto_key.of[each.value.key].id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = local.member[each.value.account]
}

# What is in a secret, people put there: nothing secret is in Terraform's state.
resource "google_secret_manager_secret" "of" {
  for_each  = module.topology.secrets
  secret_id = each.key
  replication {
    user_managed {
      replicas {
        location = local.region
      }
    }
  }
  version_destroy_ttl = "604800s" # a version that is destroyed by mistake can be had back for a week
  deletion_protection = var.protected
  depends_on          = [google_project_service.api]
}

resource "google_secret_manager_secret_iam_member" "reader" {
  for_each  = module.topology.secret_readers
  secret_id = google_secret_manager_secret.of[each.value.secret].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = local.member[each.value.account]
}

# Secrets of the catalogue, by the beginning of their names: they come and go without Terraform.
resource "google_project_iam_member" "secrets_looked_up" {
  for_each = module.topology.secret_lookers
  project  = var.project
  role     = "roles/secretmanager.secretAccessor"
  member   = local.member[each.value.account]
  condition {
    title      = each.value.beginning
    expression = "resource.name.extract(\"/secrets/{name}/\").startsWith(\"${each.value.beginning}\")"
  }
}
