"""Measuring: what arms of persons differ by, with intervals that hold while one peeks, and what another policy would
have come to. It says nothing where the data do not.
"""
