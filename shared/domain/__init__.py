"""The domain: what a next best action is and how it is found. Pure: no I/O, no clock, no randomness of its own, no
Google.
"""
