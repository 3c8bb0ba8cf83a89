"""Identity as a state machine: whatever comes, comes again or is refused, everybody is whom the links say."""

from __future__ import annotations

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.property.identities import NAMESPACES, Platform, expected, signals


class Lives(RuleBasedStateMachine):
    """Persons who share a few identifiers, in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.platform = self.empty()
        self.sent = []
        self.refused = set()

    def empty(self):
        """A platform that knows nobody."""
        return Platform()

    @rule(stream=signals(3))
    def come(self, stream):
        for number, each in enumerate(stream, len(self.sent)):
            self.take(each, number)

    @precondition(lambda self: self.sent)
    @rule(at=st.integers(0, 100))
    def come_again(self, at):
        self.platform.take(self.sent[at % len(self.sent)])

    @precondition(lambda self: self.sent)
    @rule(at=st.integers(0, 100))
    def refuse(self, at):
        graphs = {person.person_id: person.graph for person in self.platform.known_persons(self.sent)}
        joined = sorted(
            (link, person_id)
            for person_id, graph in graphs.items()
            for link in graph.links.keys() - graph.conflicts.keys() - graph.refusals.keys()
        )
        if joined:
            link, person_id = joined[at % len(joined)]
            self.platform.refuse(person_id, [link])
            self.refused.add(link)

    @invariant()
    def everybody_is_whom_the_links_say(self):
        found = self.platform.partition(self.sent)
        assert found == expected(self.sent, self.refused)
        for unique in (ns for ns, namespace in NAMESPACES.items() if namespace.unique):
            assert all(len([key for key in part if key.startswith(f"{unique}:")]) <= 1 for part in found)

    @invariant()
    def a_redirect_leads_to_a_person(self):
        for person in self.platform.known_persons(self.sent):
            for former in person.fragments:
                assert self.platform.person(former).value.person_id == person.person_id

    def take(self, each, number):
        each = msgspec.structs.replace(each, id=f"s-{number}")
        self.platform.take(each)
        self.sent.append(each)


TestLives = Lives.TestCase
TestLives.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)
