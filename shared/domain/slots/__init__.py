"""Slots: which ranked treatments fill the slots of a request (`domain.md` 5).

A request asks for k treatments per placement. What is chosen obeys:

- a treatment fills a slot of a placement it is made for, and no action appears twice;
- at most n treatments per group and at most n per issue, over the whole request;
- of a bundle, a set of actions, either every action is chosen or none.

Among all that obey, the best is chosen, by these in turn; a later one only decides between equals of the earlier:

1. the number of mandatory treatments;
2. the sum of their priorities;
3. how many of the issues of which at least one is wanted have one: such an issue gives way to these two and to the
   limits, and what could not be met is told;
4. the sum of the other priorities;
5. the number of slots filled, so that nothing stays empty that a treatment of priority 0 could fill;
6. the ranks: the choice that holds the best-ranked treatment the other lacks, hence by action id, then treatment id,
   among equal priorities; the same treatments go to the placements asked for first.

Sums are exact, in whole numbers and not in floats, so that neither the order of the candidates nor that of the
additions decides anything. The choice is the best and not merely greedy; how, and why, is told where it is done:
`greedy` (when greedy is proved to be the best), `pool` (few candidates can matter), `exchange` (the best without
bundles, in polynomial time) and `bundles` (branch and bound, the only place with a limit on work).
"""

from shared.domain.slots.filling import Filled, Filler
from shared.domain.slots.limits import SlotLimits, SlotTreatment
from shared.domain.slots.worth import Worth

__all__ = ["Filled", "Filler", "SlotLimits", "SlotTreatment", "Worth"]
