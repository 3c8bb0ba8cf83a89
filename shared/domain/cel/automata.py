"""`matches`: a pattern run over a text in one pass.

The pattern becomes a nondeterministic automaton, and that a deterministic one whose states are made as texts ask for
them. The work is bounded by the text's length times the automaton's size, whatever the text; a product beyond
`MAX_WORK` is an error, so that the answer never depends on what was matched before.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from shared.domain.cel.charsets import Chars
from shared.domain.cel.ends import Failed
from shared.domain.cel.pattern_trees import Assertion, Choice, Empty, PatternError, Repeat, Sequence, Tree
from shared.domain.cel.patterns import parse
from shared.domain.cel.values import no_overload

MAX_STATES = 1_000
"""States of a pattern's automaton: about one for each character that it can tell apart, repetitions written out."""

MAX_WORK = 5_000_000
"""States times characters of one match."""

_MAX_REMEMBERED = 20_000
_WORD = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")


def matches(text: Any, pattern: Any) -> Any:
    """Whether the pattern, in RE2's syntax, matches some part of the text."""
    if text.__class__ is not str or pattern.__class__ is not str:
        return no_overload("matches", text, pattern)
    automaton = _automaton(pattern)
    if isinstance(automaton, Failed):
        return automaton
    if len(text) * automaton.size > MAX_WORK:
        return Failed(f"a text of {len(text)} characters is too long for the pattern {pattern!r}")
    return automaton.matches(text)


@lru_cache(maxsize=128)
def _automaton(pattern: str) -> Automaton | Failed:
    try:
        return Automaton(parse(pattern))
    except PatternError as error:
        return Failed(str(error))


class _State(dict[str, "_State"]):
    """A state of the deterministic automaton: where each character leads, and the end of the text.

    Attributes:
        core: the states of the nondeterministic one that it stands for.
        before: the character before, as far as assertions tell characters apart; empty at the beginning of the text.
    """

    __slots__ = ("before", "core")

    def __init__(self, core: frozenset[int], before: str) -> None:
        super().__init__()
        self.core = core
        self.before = before


_ACCEPTED = _State(frozenset(), "accepted")
_REFUSED = _State(frozenset(), "refused")


class Automaton:
    """A compiled pattern."""

    def __init__(self, tree: Tree) -> None:
        """Write the tree out as states.

        Raises:
            PatternError: it takes more than `MAX_STATES`.
        """
        self._chars: dict[int, Chars] = {}  # states that take a character; the next state follows
        self._places: dict[int, str] = {}  # states that ask for a place; the next state follows
        self._jumps: dict[int, tuple[int, ...]] = {}  # states that only lead elsewhere
        self.size = 0
        self._add(tree)
        self._accepting = self._new()
        self._states: dict[tuple[frozenset[int], str], _State] = {}
        self._remembered = 0  # about how many numbers the states made so far hold
        self._start = self._state(frozenset({0}), "")

    def matches(self, text: str) -> bool:
        """Whether some part of the text matches."""
        state = self._start
        for char in text:
            following = state.get(char)
            if following is None:
                following = self._step(state, char)
            if following is _ACCEPTED:
                return True
            state = following
        ended = state.get("")
        if ended is None:
            ended = state[""] = _ACCEPTED if self._accepting in self._reach(state, "") else _REFUSED
        return ended is _ACCEPTED

    def _new(self) -> int:
        self.size += 1
        if self.size > MAX_STATES:
            raise PatternError(f"a pattern of more than {MAX_STATES} states")
        return self.size - 1

    def _add(self, tree: Tree) -> None:
        """Write states that begin at the next number and end before the next number after them."""
        if isinstance(tree, Chars):
            self._chars[self._new()] = tree
        elif isinstance(tree, Assertion):
            self._places[self._new()] = tree.place
        elif isinstance(tree, Sequence):
            for part in tree.parts:
                self._add(part)
        elif isinstance(tree, Choice):
            self._add_choice(tree.parts)
        elif isinstance(tree, Repeat):
            self._add_repeat(tree)
        else:
            assert isinstance(tree, Empty)

    def _add_choice(self, parts: tuple[Tree, ...]) -> None:
        fork = self._new()
        starts, ends = [], []
        for part in parts:
            starts.append(self.size)
            self._add(part)
            ends.append(self._new())
        self._jumps[fork] = tuple(starts)
        for end in ends:
            self._jumps[end] = (self.size,)

    def _add_repeat(self, repeat: Repeat) -> None:
        for _ in range(repeat.least):
            self._add(repeat.part)
        if repeat.most is None:
            fork = self._new()
            self._add(repeat.part)
            back = self._new()
            self._jumps[back] = (fork,)
            self._jumps[fork] = (fork + 1, self.size)
            return
        forks = []
        for _ in range(repeat.most - repeat.least):
            forks.append(self._new())
            self._add(repeat.part)
        for fork in forks:
            self._jumps[fork] = (fork + 1, self.size)

    def _state(self, core: frozenset[int], before: str) -> _State:
        known = self._states.get((core, before))
        if known is None:
            known = self._states[core, before] = _State(core, before)
            self._remembered += len(core)
        return known

    def _step(self, state: _State, char: str) -> _State:
        """Where a character leads, remembered for the next time."""
        if self._remembered > _MAX_REMEMBERED:
            self._states = {}
            self._remembered = 0
            self._start = self._state(frozenset({0}), "")
        reached = self._reach(state, char)
        if self._accepting in reached:
            following = _ACCEPTED
        else:
            chars = self._chars
            core = {at + 1 for at in reached if at in chars and chars[at].holds(char)}
            core.add(0)  # a match may begin anywhere
            before = ("w" if char in _WORD else "\n" if char == "\n" else ".") if self._places else "."
            following = self._state(frozenset(core), before)
        state[char] = following
        self._remembered += 1
        return following

    def _reach(self, state: _State, char: str) -> set[int]:
        """All states that the state leads to without a character, before this one; an empty one ends the text."""
        reached: set[int] = set()
        pending = list(state.core)
        while pending:
            at = pending.pop()
            if at in reached:
                continue
            reached.add(at)
            if at in self._jumps:
                pending += self._jumps[at]
            elif at in self._places and _is_at(self._places[at], state.before, char):
                pending.append(at + 1)
        return reached


def _is_at(place: str, before: str, char: str) -> bool:
    if place == "begin":
        return before == ""
    if place == "end":
        return char == ""
    if place == "line_begin":
        return before in ("", "\n")
    if place == "line_end":
        return char in ("", "\n")
    boundary = (before == "w") is not (char in _WORD)
    return boundary if place == "word" else not boundary
