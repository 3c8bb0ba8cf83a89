"""What a change of the catalogue has to pass before it is live, and by what its canary is stopped.

`gates` holds a simulation of what is live and of what is to come against the limits of both; `guards` compares, of what
was logged, the persons of a canary with all others. Neither asks anybody: both say what was found, with its figures.
"""
