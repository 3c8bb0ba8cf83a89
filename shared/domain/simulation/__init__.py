"""What a revision would do for many persons, or for the decisions of the past, and what would change from one to
another.

A simulation takes lines, each a person or a decision's record, and comes to numbers that add up: any lines may be taken
together, in any order and on any machine, and all of them come to the same.
"""
