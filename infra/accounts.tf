# A service account for each service and workflow, one that topics and the clock call by, and one that releases.

resource "google_service_account" "of" {
  for_each     = module.topology.accounts
  account_id   = "kairos-${each.key}"
  display_name = "Kairos: ${each.key}"
  depends_on   = [google_project_service.api]
}

locals {
  member = { for name, account in google_service_account.of : account.email => account.member }
}

# Pub/Sub and Cloud Scheduler make tokens of the account that they call by.
resource "google_service_account_iam_member" "agents_call_as_push" {
  for_each           = local.agent
  service_account_id = google_service_account.of["push"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = each.value
}

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = module.topology.invokers
  name     = google_cloud_run_v2_service.of[each.value.service].name
  location = local.region
  role     = "roles/run.invoker"
  member   = local.member[each.value.account]
}

resource "google_cloud_run_v2_service_iam_member" "anybody" {
  for_each = { for name, service in module.topology.services : name => service if service.public }
  name     = google_cloud_run_v2_service.of[each.key].name
  location = local.region
  role     = "roles/run.invoker"
  member   = "allUsers"
}

resource "google_project_iam_member" "workflow" {
  for_each = { for name, each in module.topology.workflow_roles : name => each if each.of != "dataset" }
  project  = var.project
  role     = each.value.role
  member   = local.member[each.value.account]
  dynamic "condition" {
    for_each = each.value.of == "database" ? [google_firestore_database.of["(default)"]] : []
    content {
      title      = condition.value.name
      expression = "resource.name == \"${condition.value.id}\""
    }
  }
}

resource "google_bigquery_dataset_iam_member" "workflow" {
  for_each   = { for name, each in module.topology.workflow_roles : name => each if each.of == "dataset" }
  dataset_id = google_bigquery_dataset.history.dataset_id
  role       = each.value.role
  member     = local.member[each.value.account]
}

# Cloud Scheduler starts workflows by this account. There is no such role on one workflow alone.
resource "google_project_iam_member" "push_starts_workflows" {
  project = var.project
  role    = "roles/workflows.invoker"
  member  = google_service_account.of["push"].member
}
