"""Simulation: what a change of the catalogue would do, held against its gates before anybody is decided for by it."""
