# What cloudbuild.yaml needs: a place for the image, an account that may release and no more, and the trigger.

resource "google_artifact_registry_repository" "images" {
  repository_id = "kairos"
  location      = local.region
  format        = "DOCKER"
  description   = "The image that every service runs"
  cleanup_policies {
    id     = "keep-the-last-twenty"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }
  cleanup_policies {
    id     = "delete-after-ninety-days"
    action = "DELETE"
    condition {
      older_than = "7776000s"
    }
  }
  depends_on = [google_project_service.api]
}

resource "google_artifact_registry_repository_iam_member" "build_writes" {
  repository = google_artifact_registry_repository.images.name
  location   = local.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.of["build"].member
}

# It deploys revisions and moves traffic, but neither makes services nor says who may call them; it becomes only the
# services' accounts; and it asks revisions whether they are ready, by a token of its own.
resource "google_cloud_run_v2_service_iam_member" "build_deploys" {
  for_each = module.topology.services
  name     = google_cloud_run_v2_service.of[each.key].name
  location = local.region
  role     = "roles/run.developer"
  member   = google_service_account.of["build"].member
}

resource "google_cloud_run_v2_service_iam_member" "build_asks" {
  for_each = module.topology.services
  name     = google_cloud_run_v2_service.of[each.key].name
  location = local.region
  role     = "roles/run.invoker"
  member   = google_service_account.of["build"].member
}

resource "google_service_account_iam_member" "build_acts_as_services" {
  for_each           = module.topology.services
  service_account_id = google_service_account.of[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.of["build"].member
}

resource "google_service_account_iam_member" "build_makes_tokens_of_itself" {
  service_account_id = google_service_account.of["build"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.of["build"].member
}

resource "google_project_iam_member" "build" {
  for_each = toset(["roles/logging.logWriter", "roles/monitoring.viewer"])
  project  = var.project
  role     = each.key
  member   = google_service_account.of["build"].member
}

# The catalogue is a document of the main database.
resource "google_project_iam_member" "build_publishes_the_catalogue" {
  project = var.project
  role    = "roles/datastore.user"
  member  = google_service_account.of["build"].member
  condition {
    title      = "(default)"
    expression = "resource.name == \"${google_firestore_database.of["(default)"].id}\""
  }
}

resource "google_cloudbuild_trigger" "release" {
  count           = var.repository == "" ? 0 : 1
  name            = "kairos"
  location        = local.region
  description     = "Releases the main branch"
  filename        = "cloudbuild.yaml"
  service_account = google_service_account.of["build"].id
  substitutions   = { _REGION = local.region }
  repository_event_config {
    repository = var.repository
    push {
      branch = "^main$"
    }
  }
  approval_config {
    approval_required = length(var.releasers) > 0
  }
  depends_on = [google_project_service.api]
}

resource "google_project_iam_member" "releaser" {
  for_each = var.releasers
  project  = var.project
  role     = "roles/cloudbuild.builds.approver"
  member   = each.key
}
