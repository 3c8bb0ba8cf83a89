"""Waves: whom a signal is sent to on a schedule, page by page, and who gets scarce channels."""
