"""`kairos bench bandit`: whether the platform finds the better treatments, keeps every limit while it learns, and says
truly how much better it is.
"""
