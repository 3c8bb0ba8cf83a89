"""Signal features: what a profile keeps of its signals, and what it says of them at any moment.

A state is a function of the *set* of signals that it has seen: any order, any repetition and any split of the same
signals, merged in any order, ends in the same bytes. It never grows beyond a few kilobytes. Where it cannot hold every
signal it keeps a sample, the same one whatever the order, and says what the whole was within a known error.
"""
