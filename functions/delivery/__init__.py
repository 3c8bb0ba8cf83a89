"""Delivery: sends what is reserved."""
