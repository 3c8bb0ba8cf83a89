# Kairos on Google Cloud: everything that stands still, from shared/topology.yaml by way of the module `topology`. What changes
# with the code, the revisions of the services and their traffic, is cloudbuild.yaml's.

module "topology" {
  source  = "./topology"
  root    = abspath("${path.module}/..")
  project = var.project
}

locals {
  region = module.topology.region
  labels = merge({ app = "kairos" }, var.labels)
  apis = toset([
    "artifactregistry", "bigquery", "billingbudgets", "cloudbuild", "cloudkms", "cloudresourcemanager", "cloudscheduler",
    "firestore", "iam", "iamcredentials", "logging", "monitoring", "pubsub", "run", "secretmanager", "workflowexecutions", "workflows",
  ])
  agent = {
    pubsub    = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    scheduler = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-cloudscheduler.iam.gserviceaccount.com"
  }
}

data "google_project" "this" {
  project_id = var.project
}

resource "google_project_service" "api" {
  for_each           = local.apis
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false
}
