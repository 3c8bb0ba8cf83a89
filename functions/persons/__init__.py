"""Persons: shows an operator who is one person and why, and takes apart who is not."""
