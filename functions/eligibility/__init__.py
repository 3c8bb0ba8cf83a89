"""Eligibility: applies engagement policy."""
