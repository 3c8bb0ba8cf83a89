"""Releasing Kairos to Google Cloud: revisions of the services and their traffic. All else there is Terraform's."""
