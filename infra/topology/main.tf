# What shared/topology.yaml means for Google Cloud, as values and without a resource: it needs no provider, so that a test
# runs it anywhere and compares it with what the local platform makes of the same file.

terraform {
  required_version = ">= 1.9"
}

variable "root" {
  type        = string
  description = "The repository's folder: that of shared/ and workflows/."
}

variable "project" {
  type        = string
  description = "The project's id."
}

locals {
  topology = yamldecode(file("${var.root}/shared/topology.yaml"))
  account  = { for name in concat(local.runners, ["build", "push"]) : name => "kairos-${name}@${var.project}.iam.gserviceaccount.com" }
  runners  = concat([for name in keys(local.topology.services) : name], [for name in keys(local.workflows) : name])

  # What a release looks for on the services before it touches one: that this very topology and these workflows were applied.
  applied = substr(sha256(join("", concat(
    [filesha256("${var.root}/shared/topology.yaml")],
    [for name in sort(keys(local.topology.workflows)) : filesha256("${var.root}/${local.topology.workflows[name].source}")],
  ))), 0, 32)

  topics = { for name, declared in local.topology.topics : name => declared.message }

  # What the clock or a topic starts knows who calls it: the account's token is for this audience.
  called = toset(concat(
    [for declared in values(local.topology.subscriptions) : declared.service],
    [for declared in values(local.topology.schedules) : declared.service if can(declared.service)],
  ))
  audiences = { for name in local.called : name => replace(replace(local.topology.push.audience, "{service}", name), "{project}", var.project) }

  pushes = {
    for name, declared in local.topology.subscriptions : name => {
      topic                 = declared.topic
      service               = declared.service
      audience              = local.audiences[declared.service]
      ack_deadline_seconds  = declared.ack_deadline_seconds
      minimum_backoff       = "${declared.minimum_backoff_seconds}s"
      maximum_backoff       = "${declared.maximum_backoff_seconds}s"
      dead_letter_topic     = declared.dead_letter_topic
      max_delivery_attempts = declared.max_delivery_attempts
    }
  }
  pulls = {
    for name, declared in local.topology.pull_subscriptions : name => {
      topic                = declared.topic
      ack_deadline_seconds = declared.ack_deadline_seconds
    }
  }

  # Subscriptions that BigQuery writes to a table, whatever the topology calls them.
  warehouse = local.topology.bigquery
  rows = {
    for declared in [for each in values(local.warehouse) : each if can(each.topic)] : declared.name => {
      topic               = declared.topic
      table               = declared.table
      drop_unknown_fields = try(declared.drop_unknown_fields, false)
      retention           = "${try(declared.retention_days, 7) * 86400}s"
    }
  }
  tables = {
    for name, declared in local.warehouse.tables : name => {
      expiration_ms = try(declared.expire_after_days * 24 * 3600 * 1000, null)
      partition_by  = try(declared.partition_by, null)
      cluster_by    = try(declared.cluster_by, null)
      schema = jsonencode([
        for column in declared.columns : {
          name        = column.name
          type        = column.type
          mode        = try(column.mode, "NULLABLE")
          description = try(column.description, "")
        }
      ])
    }
  }

  databases = {
    for name, declared in local.topology.databases : name => {
      told_by                = try(declared.told_by, null)
      point_in_time_recovery = declared.point_in_time_recovery
    }
  }
  backups = {
    for name, declared in local.topology.databases : name => "${declared.backup_days * 86400}s" if can(declared.backup_days)
  }
  unindexed = merge([
    for name, declared in local.topology.databases : {
      for path in try(declared.unindexed, []) : "${name} ${path}" => {
        database   = name
        collection = split(".", path)[0]
        field      = try(split(".", path)[1], "*")
      }
    }
  ]...)
  expiring = merge([
    for name, declared in local.topology.databases : {
      for collection, after in try(declared.expires, {}) : "${name} ${collection}" => {
        database   = name
        collection = collection
        field      = after.field
        offset     = "${after.days * 86400}s"
        ordered    = try(after.ordered, false)
      }
    }
  ]...)
  users_of_databases = merge([
    for database, declared in local.databases : {
      for service, each in local.topology.services : "${service} ${database}" => {
        account  = local.account[service]
        database = database
      } if declared.told_by == null || contains(keys(each.environment), coalesce(declared.told_by, "-"))
    }
  ]...)

  # kms://LOCATION/RING/KEY, as the services that wrap persons' keys are told.
  wrapped_by = { for service, each in local.topology.services : service => each.environment.PERSON_KEYS if can(each.environment.PERSON_KEYS) }
  keys = {
    for address in distinct(values(local.wrapped_by)) : address => {
      location = split("/", trimprefix(address, "kms://"))[0]
      ring     = split("/", trimprefix(address, "kms://"))[1]
      key      = split("/", trimprefix(address, "kms://"))[2]
    }
  }

  users_of_keys = {
    for service, address in local.wrapped_by : service => { account = local.account[service], key = address }
  }

  # SOURCE_KEYS is filled from kairos-source-keys.
  secret_of = { for variable in distinct(flatten([for each in values(local.topology.services) : each.secrets])) : variable => "kairos-${lower(replace(variable, "_", "-"))}" }
  secret_readers = merge(
    merge([for service, each in local.topology.services : { for variable in each.secrets : "${service} ${local.secret_of[variable]}" => { account = local.account[service], secret = local.secret_of[variable] } }]...),
    merge([for workflow, each in local.workflows : { for secret in each.secrets : "${workflow} ${secret}" => { account = local.account[workflow], secret = secret } }]...),
  )
  secrets = toset([for each in values(local.secret_readers) : each.secret])
  secret_lookers = {
    for service, beginning in local.topology.secrets_read : service => {
      account   = local.account[service]
      beginning = beginning
    }
  }

  services = {
    for name, declared in local.topology.services : name => {
      name          = "kairos-${name}"
      account       = local.account[name]
      public        = declared.public
      min_instances = declared.min_instances
      audiences     = contains(local.called, name) ? [local.audiences[name]] : []
    }
  }
  # Who puts back what was parked publishes on whichever topic it came from, of those that are pushed.
  pushed = distinct([for declared in values(local.topology.subscriptions) : declared.topic])
  publishers = merge([
    for service, each in local.topology.services : {
      for topic in distinct(concat(each.publishes, try(each.puts_back, false) ? local.pushed : [])) :
      "${service} ${topic}" => { account = local.account[service], topic = topic }
    }
  ]...)
  pullers = merge([
    for service, each in local.topology.services : {
      for subscription in try(each.pulls, []) : "${service} ${subscription}" => { account = local.account[service], subscription = subscription }
    }
  ]...)
  history_readers = { for service in local.topology.history_read : service => local.account[service] }
  invokers = merge(
    { for service in local.called : "push ${service}" => { account = local.account.push, service = service } },
    merge([for workflow, each in local.workflows : { for service in each.calls : "${workflow} ${service}" => { account = local.account[workflow], service = service } }]...),
  )

  schedules = {
    for name, declared in local.topology.schedules : name => {
      cron                     = declared.cron
      time_zone                = try(declared.time_zone, "Etc/UTC")
      service                  = try(declared.service, null)
      path                     = try(declared.path, "/")
      audience                 = try(local.audiences[declared.service], null)
      attempt_deadline_seconds = try(declared.attempt_deadline_seconds, null)
      workflow                 = try(declared.workflow, null)
      paused                   = try(declared.paused, false)
      body                     = can(declared.workflow) ? jsonencode({ argument = jsonencode(try(declared.argument, {})) }) : null
    }
  }
}
