"""Deferral: what waited for the end of quiet hours is decided again."""
