output "region" {
  value       = local.topology.region
  description = "Where everything is."
}

output "applied" {
  value       = local.applied
  description = "A digest of the topology and the workflows."
}

output "accounts" {
  value       = local.account
  description = "E-mail of each service account, by whom it is for: a service, a workflow, `build` or `push`."
}

output "topics" {
  value       = local.topics
  description = "Topics, with the message that each carries."
}

output "pushes" {
  value       = local.pushes
  description = "Push subscriptions."
}

output "pulls" {
  value       = local.pulls
  description = "Pull subscriptions."
}

output "dataset" {
  value       = local.warehouse.dataset
  description = "The dataset of the history."
}

output "rows" {
  value       = local.rows
  description = "The subscriptions that write a topic to a table, by name."
}

output "tables" {
  value       = local.tables
  description = "Tables of the dataset, each with its schema as JSON."
}

output "databases" {
  value       = local.databases
  description = "Firestore's databases."
}

output "backups" {
  value       = local.backups
  description = "How long daily backups of a database are kept, of those that have any."
}

output "unindexed" {
  value       = local.unindexed
  description = "Collections and fields of which Firestore keeps no index."
}

output "expiring" {
  value       = local.expiring
  description = "Documents that go by themselves."
}

output "users_of_databases" {
  value       = local.users_of_databases
  description = "Who may use which database."
}

output "keys" {
  value       = local.keys
  description = "Keys of Cloud KMS, by their addresses."
}

output "users_of_keys" {
  value       = local.users_of_keys
  description = "Who may encrypt and decrypt with which key."
}

output "secrets" {
  value       = local.secrets
  description = "Secrets that somebody is given or reads by name."
}

output "secret_readers" {
  value       = local.secret_readers
  description = "Who reads which secret."
}

output "secret_lookers" {
  value       = local.secret_lookers
  description = "Who reads the secrets whose names begin so."
}

output "services" {
  value       = local.services
  description = "Services of Cloud Run."
}

output "publishers" {
  value       = local.publishers
  description = "Who publishes to which topic."
}

output "pullers" {
  value       = local.pullers
  description = "Who pulls which subscription."
}

output "history_readers" {
  value       = local.history_readers
  description = "Who asks BigQuery for the history."
}

output "invokers" {
  value       = local.invokers
  description = "Who calls which service."
}

output "schedules" {
  value       = local.schedules
  description = "Jobs of Cloud Scheduler."
}

output "workflows" {
  value       = local.workflows
  description = "Workflows, with their definitions."
}

output "workflow_roles" {
  value       = local.workflow_roles
  description = "What workflows may do, and of what: the project, the main database or the dataset."
}
