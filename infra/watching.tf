# What people are told: messages that nobody could handle, messages that wait, services that fail, what a workflow or function
# calls critical (seals that do not hold, counts that do not reconcile), workflows that fail, and money.

resource "google_monitoring_notification_channel" "email" {
  for_each     = var.alert_emails
  display_name = each.key
  type         = "email"
  labels       = { email_address = each.key }
  depends_on   = [google_project_service.api]
}

locals {
  channels      = [for channel in google_monitoring_notification_channel.email : channel.name]
  subscriptions = "resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id ="
  thresholds = {
    dead_letters = {
      title    = "Kairos: dead letters wait"
      severity = "WARNING"
      say      = "Messages were refused as often as they may be. `kairos quarantine list` says which and why; `kairos quarantine redrive` sends them again."
      filter   = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND ${local.subscriptions} one_of(${join(", ", [for name in keys(module.topology.pulls) : "\"${name}\""])})"
      aligner  = "ALIGN_MAX"
      reducer  = "REDUCE_SUM"
      over     = 0
      seconds  = 300
      group    = ["resource.labels.subscription_id"]
    }
    backlog = {
      title    = "Kairos: messages wait"
      severity = "ERROR"
      say      = "The oldest message of a subscription has waited for ten minutes: its function refuses messages or is too slow, or its rows do not fit the table. The function's log says why."
      filter   = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND ${local.subscriptions} one_of(${join(", ", [for name in concat(keys(module.topology.pushes), keys(module.topology.rows)) : "\"${name}\""])})"
      aligner  = "ALIGN_MAX"
      reducer  = "REDUCE_MAX"
      over     = 600
      seconds  = 300
      group    = ["resource.labels.subscription_id"]
    }
    workflow_failures = {
      title    = "Kairos: a workflow failed"
      severity = "ERROR"
      say      = "An execution ended with an error, which it shows. Most may be started again with the same argument."
      filter   = "metric.type = \"workflows.googleapis.com/finished_execution_count\" AND resource.type = \"workflows.googleapis.com/Workflow\" AND metric.labels.status = \"FAILED\" AND resource.labels.workflow_id = starts_with(\"kairos-\")"
      aligner  = "ALIGN_DELTA"
      reducer  = "REDUCE_SUM"
      over     = 0
      seconds  = 0
      group    = ["resource.labels.workflow_id"]
    }
  }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each              = local.thresholds
  display_name          = each.value.title
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = local.channels
  documentation {
    content   = each.value.say
    mime_type = "text/markdown"
  }
  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.over
      duration        = "${each.value.seconds}s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.group
      }
    }
  }
}

resource "google_monitoring_alert_policy" "errors" {
  display_name          = "Kairos: a service fails"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels
  documentation {
    content   = "More than 2 % of a service's answers in ten minutes were server errors. If a release did it, its canary should have stopped it: send the traffic back by `gcloud run services update-traffic`."
    mime_type = "text/markdown"
  }
  conditions {
    display_name = "Share of server errors"
    condition_threshold {
      filter          = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND resource.labels.service_name = starts_with(\"kairos-\") AND metric.labels.response_code_class = \"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0.02
      duration        = "0s"
      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
      denominator_filter = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND resource.labels.service_name = starts_with(\"kairos-\")"
      denominator_aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.labels.service_name"]
      }
    }
  }
}

# Workflows and functions say CRITICAL of what somebody has to look at now: a history that is not what was sealed, or signals that
# were accepted and are neither decided, ended, parked nor under way.
resource "google_monitoring_alert_policy" "critical" {
  display_name          = "Kairos: something does not add up"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels
  documentation {
    content   = "The entry says what: a history that differs from its seals, or signals that were accepted and are nowhere."
    mime_type = "text/markdown"
  }
  conditions {
    display_name = "A critical entry of the log"
    condition_matched_log {
      filter = "severity >= CRITICAL AND (resource.labels.service_name =~ \"^kairos-\" OR resource.labels.workflow_id =~ \"^kairos-\")"
      label_extractors = {
        message = "EXTRACT(jsonPayload.message)"
      }
    }
  }
  alert_strategy {
    notification_rate_limit {
      period = "300s"
    }
    auto_close = "86400s"
  }
}

# Cloud Run logs every request, and by that a signal would cost a quarter more. Figures are not made of logs: they miss nothing.
resource "google_logging_project_exclusion" "requests" {
  count       = var.requests_logged < 1 ? 1 : 0
  name        = "kairos-requests-that-went-well"
  description = "Most requests of Kairos's services that went well"
  filter      = "log_id(\"run.googleapis.com/requests\") AND resource.labels.service_name =~ \"^kairos-\" AND httpRequest.status < 400 AND sample(insertId, ${1 - var.requests_logged})"
  depends_on  = [google_project_service.api]
}

resource "google_billing_budget" "month" {
  count           = var.billing_account == "" ? 0 : 1
  billing_account = var.billing_account
  display_name    = "Kairos: ${var.project}"
  budget_filter {
    projects        = ["projects/${data.google_project.this.number}"]
    calendar_period = "MONTH"
  }
  amount {
    specified_amount {
      units = floor(var.monthly_budget)
    }
  }
  dynamic "threshold_rules" {
    for_each = { half = [0.5, "CURRENT_SPEND"], all = [1.0, "CURRENT_SPEND"], more = [1.2, "FORECASTED_SPEND"] }
    content {
      threshold_percent = threshold_rules.value[0]
      spend_basis       = threshold_rules.value[1]
    }
  }
  all_updates_rule {
    monitoring_notification_channels = slice(local.channels, 0, min(5, length(local.channels))) # a budget takes no more
    disable_default_iam_recipients   = false
  }
}
