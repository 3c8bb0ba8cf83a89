"""Ingest: takes signals at the door."""
