"""Outbound waves: a signal for each person of an audience, page by page, and scarce volume where it is worth most."""
