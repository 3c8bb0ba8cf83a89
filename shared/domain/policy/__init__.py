"""Engagement policy ready to decide: conditions as programs, and an index that answers for all actions at once."""
