"""Who gave which word on consent, and what counts of a person who has spoken under several identifiers.

A word stays with the strongest identifier of the signal that brought it, its voice. Two voices are one person's from
the time of the links that tie them: what was said since counts for both, and of what was said before, when they were
two as far as anybody could know, the most restrictive counts (`domain.md` 3). So it does not matter whether a signal
comes before or after the one that shows whose it is, and whoever is parted keeps what they said themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import reduce

from shared.domain.consent import Consent, latest, merged_consents
from shared.domain.identity.links import Graph
from shared.domain.profile import Person

_EVER = datetime.min.replace(tzinfo=UTC)

Words = Mapping[str, Consent]


def voices_of(person: Person) -> dict[str, dict[str, Consent]]:
    """The words of a person by voice; those that came with the person, and by no signal, under the person's id."""
    if person.voices or not person.consents:
        return person.voices
    return {person.person_id: person.consents}


def together(voices: Mapping[str, dict[str, Consent]], graph: Graph) -> dict[str, Consent]:
    """What counts of the words of one person."""
    if len(voices) <= 1:
        return next(iter(voices.values()), {})
    since = _since(voices, graph)
    heard = []
    for name in sorted(voices):
        words: Words = voices[name]
        for other in sorted(voices):
            met = since.get(frozenset((name, other)))
            if met is not None:
                words = latest(words, {key: word for key, word in voices[other].items() if word.at >= met})
        heard.append(dict(words))
    return heard[0] if all(words == heard[0] for words in heard) else reduce(merged_consents, heard)


def _since(voices: Collection[str], graph: Graph) -> dict[frozenset[str], datetime]:
    """From when on two voices are known to be one person's."""
    root = {key: key for key in (*graph.members, *voices)}
    beside = {key: {key} if key in voices else set() for key in root}
    since: dict[frozenset[str], datetime] = {}

    def at_root(key: str) -> str:
        while root[key] != key:
            key = root[key]
        return key

    for at, one, other in _ties(voices, graph):
        a, b = at_root(one), at_root(other)
        if a != b:
            since.update({frozenset((x, y)): at for x in beside[a] for y in beside[b]})
            root[b] = a
            beside[a] |= beside[b]
    return since


def _ties(voices: Collection[str], graph: Graph) -> list[tuple[datetime, str, str]]:
    """What ties identifiers and voices to each other, the earliest first."""
    members = graph.members
    links = [
        link
        for each, link in graph.links.items()
        if each not in graph.conflicts and each not in graph.refusals
        if link.stronger in members and link.weaker in members
    ]
    ties = [(link.at, link.stronger, link.weaker) for link in links]
    weaker = {link.weaker for link in links if members[link.stronger] == members[link.weaker]}
    for name in voices:
        if name not in members:  # it came with the person, and is whoever is the strongest there
            ties += [(_EVER, name, key) for key, entered in members.items() if entered == name and key not in weaker]
    first, *others = voices
    if not members:
        ties += [(_EVER, first, name) for name in others]
    return sorted(ties)
