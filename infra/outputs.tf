output "addresses" {
  value       = { for name, service in google_cloud_run_v2_service.of : name => service.uri }
  description = "Each service's address."
}

output "image" {
  value       = "${local.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}/functions"
  description = "The image, without its digest."
}

output "secrets_to_fill" {
  value       = sort(keys(google_secret_manager_secret.of))
  description = "Secrets that need a version before the first release."
}
