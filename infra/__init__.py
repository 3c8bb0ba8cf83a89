"""Releasing Kairos to Google Cloud, and what it runs on there."""
