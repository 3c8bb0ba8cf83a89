"""Decide: the whole chain in one process, for channels that wait for an answer."""
