"""Decisions of many persons together: the same that each would come to alone, in a fraction of the time.

The persons of a *wave* become columns. What a condition asks of a value is asked once of a whole column, and its answer
is one bit a person; the bits of all persons are joined by a few operations on words of 64. Propensity and priority are
worked out for the pairs of person and treatment that qualify, and for no others, and the slots of all persons are
filled at once, one slot after the other. Whoever's decision asks for more than that, such as a bundle, an issue of
which one is wanted, or a rule that counts what sums cannot tell, is decided alone by the engine that decides when a
page waits (`alone`), which is also the judge of all that is here.

A wave keeps no records. A person's is what `alone.record` makes of the same person, signal, moment and evidence.
"""
