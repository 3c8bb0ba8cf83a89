"""Releases: which revision decides, for whom and from when, what is off, and who said so."""
