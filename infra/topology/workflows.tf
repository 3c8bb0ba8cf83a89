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

  # A workflow has a role where its definition has words of each of these kinds: of the project, or where one is named, of the
  # main database or the dataset alone.
  firestore = "googleapis\\.firestore\\.|FIRESTORE_URL"
  bigquery  = "googleapis\\.bigquery\\.|BIGQUERY_URL"
  reaches = {
    "roles/logging.logWriter"   = { of = "project", words = ["sys\\.log"] }
    "roles/workflows.invoker"   = { of = "project", words = ["googleapis\\.workflowexecutions\\."] }
    "roles/monitoring.viewer"   = { of = "project", words = ["googleapis\\.monitoring\\.|monitoring\\.googleapis\\.com|MONITORING_URL"] }
    "roles/bigquery.jobUser"    = { of = "project", words = [local.bigquery] }
    "roles/bigquery.dataViewer" = { of = "dataset", words = [local.bigquery] }
    "roles/datastore.viewer"    = { of = "database", words = [local.firestore] }
    "roles/datastore.user" = { of = "database", words = [
      local.firestore,
      "documents\\.(batchWrite|commit|createDocument|delete|patch|write)|:commit|:batchWrite|http\\.(patch|delete)",
    ] }
  }
  workflow_roles = merge([
    for name, definition in local.definitions : {
      for role, reach in local.reaches : "${name} ${role}" => {
        account = local.workflows[name].account
        role    = role
        of      = reach.of
      } if alltrue([for each in reach.words : can(regex(each, definition))])
    }
  ]...)
}
