"""A rule that a change does not loosen stops all that it stopped, whatever was sent before."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.catalogue import Revision
from shared.domain.contact_policy import Limits
from shared.domain.policy.policy import Policy
from shared.domain.releasing.loosened import loosened
from shared.domain.rules import Cap, Cooldown, Scope
from tests.unit.domain.situations import NOW, person, policy
from tests.unit.domain.situations import history as history_of

CATALOGUE = policy().revision.catalogue
TREATMENTS = sorted(policy().revision.treatments)
DAY = 86_400

subsets = st.lists(st.sampled_from(["sent", "click", "dismiss"]), min_size=1, max_size=3, unique=True).map(tuple)
scopes = st.builds(
    Scope,
    channels=st.sampled_from([(), ("email",), ("email", "sms")]),
    groups=st.sampled_from([(), (CATALOGUE.groups[0].id,)]),
)
dimensions = st.sampled_from([None, "action", "channel", "group"])
caps = st.builds(
    Cap,
    id=st.just("rule"),
    limit=st.integers(0, 3),
    outcomes=subsets,
    window_seconds=st.sampled_from([DAY, 3 * DAY, 10 * DAY]),
    reason=st.just("R"),
    scope=scopes,
    per=dimensions,
)
cooldowns = st.builds(
    Cooldown,
    id=st.just("rule"),
    outcomes=subsets,
    period_seconds=st.sampled_from([DAY, 3 * DAY, 9 * DAY]),
    reason=st.just("R"),
    after=scopes,
    blocks=scopes,
    same=dimensions,
    count=st.integers(1, 3),
    within_seconds=st.sampled_from([0, DAY, 7 * DAY]),
    without=st.sampled_from([(), ("click",)]),
)
sent = st.tuples(
    st.sampled_from(TREATMENTS), st.integers(0, 12), st.dictionaries(st.sampled_from(["click", "dismiss"]), st.just(0))
)


@st.composite
def changes(draw):
    """A rule, and the same with a field or two of another."""
    kind = draw(st.sampled_from([caps, cooldowns]))
    was, other = draw(kind), draw(kind)
    fields = draw(st.lists(st.sampled_from(was.__struct_fields__[1:]), min_size=1, max_size=2))
    return was, msgspec.structs.replace(was, **{name: getattr(other, name) for name in fields})


def revision(rule):
    return Revision(msgspec.structs.replace(CATALOGUE, rules=(rule,)))


@settings(max_examples=200, deadline=None)
@given(changes(), st.lists(sent, max_size=5))
def test_what_is_not_loosened_lets_nothing_through_that_was_stopped(rules, past):
    was, is_now = map(revision, rules)
    if loosened(was.catalogue, is_now.catalogue):
        return
    lines = [
        f"{treatment} sent {days}d 1h ago" + "".join(f", {outcome} {days}d ago" for outcome in outcomes)
        for treatment, days, outcomes in past
    ]
    stopped = [
        Limits(Policy(each).contact_rules, person(), history_of(each, lines), NOW).stopped for each in (was, is_now)
    ]
    assert stopped[0] & ~stopped[1] == 0
