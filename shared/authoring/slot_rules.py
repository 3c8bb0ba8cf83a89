"""What the slots of a request obey, as a revision holds it: references to what is there, in an order that means
nothing.
"""

from __future__ import annotations

import msgspec

from shared.authoring.names import Names
from shared.domain.slot_rules import Bundle, SlotRules


def build_slots(slots: SlotRules, names: Names) -> SlotRules:
    """The limits, whatever the order in which they were written."""
    for field, what in (("groups", "group"), ("issues", "issue"), ("at_least_one_of", "issue")):
        for name in getattr(slots, field):
            names.refers(what, name, slots, field, name)
    return msgspec.structs.replace(
        slots,
        groups=dict(sorted(slots.groups.items())),
        issues=dict(sorted(slots.issues.items())),
        at_least_one_of=dict(sorted(slots.at_least_one_of.items())),
        bundles=_bundles(slots, names),
    )


def _bundles(slots: SlotRules, names: Names) -> tuple[Bundle, ...]:
    names.unique(slots.bundles, "bundle", "name")
    bundle_of: dict[str, str] = {}
    built = []
    for bundle in slots.bundles:
        for index, action in enumerate(bundle.actions):
            names.refers("action", action, bundle, "actions", index)
            first = bundle_of.setdefault(action, bundle.name)
            if first != bundle.name:
                place = names.place(bundle, "actions", index)
                names.problems.add(place, f"{action} is in bundle {first} already: what shares an action is one bundle")
        built.append(msgspec.structs.replace(bundle, actions=names.set_of(bundle, "actions")))
    return tuple(sorted(built, key=lambda bundle: bundle.name))
