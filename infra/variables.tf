variable "project" {
  type        = string
  description = "Id of the project, which exists and pays."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "labels" {
  type        = map(string)
  description = "Labels that everything gets, beside `app`: the cost centre, the environment."
  default     = {}
}

variable "protected" {
  type        = bool
  description = "Whether Terraform refuses to delete what holds data or serves. Only a project to play in says false."
  default     = true
}

variable "alert_emails" {
  type        = set(string)
  description = "Who is told when something is wrong."
  validation {
    condition     = length(var.alert_emails) > 0
    error_message = "Somebody has to be told: alert_emails = [\"on-call@example.com\"]."
  }
}

variable "billing_account" {
  type        = string
  description = "The billing account, as 012345-6789AB-CDEF01, on which a budget is watched; empty for none."
  default     = ""
}

variable "monthly_budget" {
  type        = number
  description = "What a month may cost, in the billing account's currency, before people are told. Nothing is stopped."
  default     = 100
}

variable "requests_logged" {
  type        = number
  description = "The share of requests that went well which Cloud Logging keeps. All others, and what functions say themselves, it keeps whole."
  default     = 0.01
  validation {
    condition     = var.requests_logged >= 0 && var.requests_logged <= 1
    error_message = "A share is from 0 to 1."
  }
}

variable "repository" {
  type        = string
  description = "The repository whose main branch is released, as projects/P/locations/L/connections/C/repositories/R; empty for no trigger."
  default     = ""
}

variable "releasers" {
  type        = set(string)
  description = "Who may approve a build that releases, as user:… or group:…."
  default     = []
}
