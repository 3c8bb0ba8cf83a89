"""Suppression: reserves what contact policy lets through."""
