# Workflows, each from the very file that tests run, and what the clock starts.

resource "google_workflows_workflow" "of" {
  for_each                = module.topology.workflows
  name                    = each.value.name
  region                  = local.region
  source_contents         = each.value.definition
  service_account         = google_service_account.of[each.key].id
  call_log_level          = "LOG_ERRORS_ONLY"
  execution_history_level = "EXECUTION_HISTORY_DETAILED"
  deletion_protection     = var.protected
  user_env_vars = merge(
    { for service in each.value.calls : "${replace(upper(service), "-", "_")}_URL" => google_cloud_run_v2_service.of[service].uri },
    each.value.environment,
  )
  depends_on = [google_project_service.api]
}

resource "google_cloud_scheduler_job" "of" {
  for_each         = module.topology.schedules
  name             = "kairos-${each.key}"
  region           = local.region
  schedule         = each.value.cron
  time_zone        = each.value.time_zone
  paused           = each.value.paused
  attempt_deadline = each.value.attempt_deadline_seconds == null ? null : "${each.value.attempt_deadline_seconds}s"
  retry_config {
    retry_count = each.value.workflow == null ? 0 : 3 # what comes every minute comes again anyway
  }
  http_target {
    http_method = "POST"
    uri = (each.value.workflow == null
      ? "${google_cloud_run_v2_service.of[each.value.service].uri}${each.value.path}"
      : "https://workflowexecutions.googleapis.com/v1/${google_workflows_workflow.of[each.value.workflow].id}/executions"
    )
    body    = each.value.body == null ? null : base64encode(each.value.body)
    headers = each.value.body == null ? null : { content-type = "application/json" }
    dynamic "oidc_token" {
      for_each = each.value.workflow == null ? [each.value.audience] : []
      content {
        service_account_email = google_service_account.of["push"].email
        audience              = oidc_token.value
      }
    }
    dynamic "oauth_token" {
      for_each = each.value.workflow == null ? [] : ["https://www.googleapis.com/auth/cloud-platform"]
      content {
        service_account_email = google_service_account.of["push"].email
        scope                 = oauth_token.value
      }
    }
  }
  depends_on = [google_project_service.api]
}
