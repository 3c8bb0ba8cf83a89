# Workflows, and what each may do: it follows from what its definition calls, so that none may do more or less.

locals {
  definitions = { for name, declared in local.topology.workflows : name => file("${var.root}/${declared.source}") }
  workflows = {
    for name, declared in local.topology.workflows : name => {
      name        = "kairos-${name}"
      account     = "kairos-${name}@${var.project}.iam.gserviceaccount.com"
      source      = declared.source
      definition  = local.definitions[name]
      calls       = try(declared.calls, [])
      environment = { for variable, value in try(declared.environment, {}) : variable => replace(value, "{project}", var.project) }
      secrets     = distinct([for found in regexall("secret_id: *\"?(kairos-[a-z0-9-]+)", local.definitions[name]) : found[0]])
    }
  }

  # A workflow has a role of the project where its definition has words of each of these kinds.
  firestore = "googleapis\\.firestore\\.|FIRESTORE_URL"
  bigquery  = "googleapis\\.bigquery\\.|BIGQUERY_URL"
  reaches = {
    "roles/logging.logWriter"    = ["sys\\.log"]
    "roles/workflows.invoker"    = ["googleapis\\.workflowexecutions\\."]
    "roles/monitoring.viewer"    = ["googleapis\\.monitoring\\.|monitoring\\.googleapis\\.com|MONITORING_URL"]
    "roles/bigquery.jobUser"     = [local.bigquery]
    "roles/bigquery.dataViewer"  = [local.bigquery]
    "roles/datastore.viewer"     = [local.firestore]
    "roles/datastore.user"       = [local.firestore, "documents\\.(batchWrite|commit|createDocument|delete|patch|write)|:commit|:batchWrite|http\\.(patch|delete)"]
    "roles/pubsub.publisher"     = ["googleapis\\.pubsub\\.v1\\.projects\\.topics\\.publish"]
    "roles/pubsub.subscriber"    = ["googleapis\\.pubsub\\.v1\\.projects\\.subscriptions\\.|PUBSUB_URL"]
    "roles/secretmanager.viewer" = ["googleapis\\.secretmanager\\.v1\\.projects\\.secrets\\.(get|list)"]
  }
  workflow_roles = merge([
    for name, definition in local.definitions : {
      for role, words in local.reaches : "${name} ${role}" => {
        account = local.workflows[name].account
        role    = role
      } if alltrue([for each in words : can(regex(each, definition))])
    }
  ]...)
}
