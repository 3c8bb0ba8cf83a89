"""Feedback: takes what became of it."""
