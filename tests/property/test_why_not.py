"""What is said to let an action win lets it win, once it is so and the decision is made again."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import Revision
from shared.domain.change import apply
from shared.domain.contact_read import ContactRead, PastContact
from shared.domain.decision import DecisionRecord
from shared.domain.engagement import Slots
from shared.domain.policy.policy import Policy
from shared.domain.replay import replayed
from shared.domain.why_not import why_not
from tests.fault.world import NOW, bank_customers, bank_policy, bank_revision, canonical
from tests.property.test_one_decision_two_ways import CUSTOMERS, SIGNALS

PLACED = {c.id: tuple(p.id for p in c.placements) for c in bank_revision().catalogue.channels if c.placements}
CONTACTS = st.lists(
    st.builds(
        PastContact,
        treatment=st.sampled_from(sorted(bank_revision().treatments)),
        state=st.just("sending"),
        at=st.integers(1, 40).map(lambda days: NOW - days * (NOW - NOW.replace(hour=0)) * 2),
        outcomes=st.dictionaries(
            st.sampled_from(["click", "dismiss", "convert", "reject"]), st.just(NOW.replace(hour=1)), max_size=1
        ),
    ),
    max_size=4,
).map(tuple)
ACTIONS = st.sampled_from(sorted(bank_revision().actions))


def decided(customer, fields, contacts, inbound):
    policy = bank_policy()
    slots = Slots(channels=policy.revision.outbound)
    if inbound is not None:
        slots = Slots(channels=(inbound,), placements=PLACED[inbound], counts=(1,) * len(PLACED[inbound]))
    profile = bank_customers()[customer].profile
    record = DecisionRecord(
        decision_id="d-1",
        person_id=profile.person_id,
        revision=policy.revision.id,
        signal=canonical(customer, "s-1", **fields),
        profile=profile,
        decided_at=NOW,
        reserved_at=NOW,
        result="reserved",
        slots=slots,
        read=ContactRead(contacts=contacts),
    )
    made = replayed(policy, record)
    return made if made.read else msgspec.structs.replace(made, read=record.read)


def revised(changes):
    """The bank with values and levers as the changes say."""
    actions = list(bank_revision().catalogue.actions)
    for change in changes:
        if change.kind not in ("value", "lever"):
            continue
        action, treatment = bank_revision().treatment(change.subject)
        value = change.value
        if change.kind == "value":
            value += bank_revision().channels[treatment.channel].price
        actions = [msgspec.structs.replace(a, **{change.kind: value}) if a.id == action.id else a for a in actions]
    return Policy(Revision(msgspec.structs.replace(bank_revision().catalogue, actions=tuple(actions))))


@settings(max_examples=250, deadline=None)
@given(
    customer=CUSTOMERS,
    fields=SIGNALS,
    contacts=CONTACTS,
    inbound=st.none() | st.sampled_from(sorted(PLACED)),
    action=ACTIONS,
)
def test_what_is_said_to_let_an_action_win_does(customer, fields, contacts, inbound, action):
    record = decided(customer, fields, contacts, inbound)

    told = why_not(bank_policy(), record, action)

    if told.outcome != "wins":
        assert told.because
        return
    last = told.changes[-1:] if told.alternatives else ()
    for final in (*last, *told.alternatives) or (None,):
        changes = [*told.changes[: len(told.changes) - len(last)], *([final] if final else [])]
        policy = revised(changes) if any(c.kind in ("value", "lever") for c in changes) else bank_policy()
        changed = msgspec.structs.replace(apply(policy, record, changes), revision=policy.revision.id)
        won = replayed(policy, changed)
        assert told.action in {policy.revision.treatment(c.treatment)[0].id for c in won.chosen}, changes
