terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 7.35, < 8"
    }
  }
  # Where the state is: terraform init -backend-config="bucket=MY-STATE-BUCKET"
  backend "gcs" {
    prefix = "kairos"
  }
}

provider "google" {
  project               = var.project
  region                = module.topology.region
  billing_project       = var.project
  user_project_override = true
  default_labels        = local.labels
}
