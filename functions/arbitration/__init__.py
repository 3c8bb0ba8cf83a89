"""Arbitration: ranks what may be."""
