"""Normalising: how what sources send is read, whatever its shape, into raw signals (`domain.md` 2).

A format is declared in the catalogue: expressions and tables, checked when it is built and compiled here.
"""
