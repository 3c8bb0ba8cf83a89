# Services. A release owns their revisions: image, environment, secrets, size, traffic. Until the first one there is a revision
# that refuses whatever comes, so that a push waits in its topic and is not taken for done.

locals {
  refusing = {
    image   = "docker.io/library/python:3.13-slim"
    command = ["python3", "-c", "import http.server as h; h.HTTPServer(('', 8080), h.BaseHTTPRequestHandler).serve_forever()"]
  }
}

resource "google_cloud_run_v2_service" "of" {
  for_each             = module.topology.services
  name                 = each.value.name
  location             = local.region
  ingress              = "INGRESS_TRAFFIC_ALL" # pushes come from outside; who may call is said by IAM
  custom_audiences     = each.value.audiences
  labels               = { applied = module.topology.applied }
  deletion_protection  = var.protected
  invoker_iam_disabled = false
  scaling {
    min_instance_count = each.value.min_instances
  }
  template {
    service_account = google_service_account.of[each.key].email
    containers {
      image   = local.refusing.image
      command = local.refusing.command
    }
  }
  lifecycle {
    ignore_changes = [template, traffic, client, client_version]
  }
  depends_on = [google_project_service.api]
}
