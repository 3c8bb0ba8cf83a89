"""Governance: which revision decides, for whom and from when, who said so, and what is off (`domain.md` 11)."""
