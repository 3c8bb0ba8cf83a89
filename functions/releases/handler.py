"""Releases: take a command, write what it makes of the environment and the entry that accounts for it, in one commit.

A command that comes twice does something once: the second finds that it is so already. Of two at once the loser reads
what the winner left, and is refused where it no longer fits.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from shared.domain.catalogue import Revision
from shared.domain.errors import InvalidError, NotFoundError, StaleError, TransientError
from shared.domain.governance.audit import Entry, Verification, entry, verify
from shared.domain.governance.commands import AnyCommand, Begin, Propose, SetSwitch
from shared.domain.governance.environment import Environment, Freeze
from shared.domain.governance.governing import govern
from shared.domain.governance.in_force import InForce
from shared.domain.governance.release import Actor, Release
from shared.domain.governance.step import Governed
from shared.domain.governance.switches import Switch
from shared.domain.instant import Instant
from shared.domain.policy.policy import Policy
from shared.ports import Catalogues, Releases
from shared.ports.releases import Held

ATTEMPTS = 8
"""Tries of the guarded commit before whoever asks is told to come again."""

ENTRIES_AT_ONCE = 500
"""Of the log in one answer."""

ADOPTED = Actor("kairos", is_person=False)
"""Who is noted for what was live before there were releases."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A revision that was kept."""

    revision: str
    actions: int
    treatments: int


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """A release that went live in an emergency and waits for its review."""

    release: str
    due_at: Instant
    overdue: bool


class Governance(msgspec.Struct, frozen=True, kw_only=True):
    """What governs an environment: what is in force, its releases, the latest first, what waits for review, and when
    nothing may change.
    """

    environment: str
    in_force: InForce | None
    releases: list[Release]
    reviews: list[Waiting]
    freezes: list[Freeze]


class SwitchesOff(msgspec.Struct, frozen=True, kw_only=True):
    """What is switched off."""

    switches: list[Switch]


class AuditLog(msgspec.Struct, frozen=True, kw_only=True):
    """Entries of a log, by number, and what stands for all of it."""

    entries: list[Entry]
    head: str


class Reviews(msgspec.Struct, frozen=True, kw_only=True):
    """How many reviews are overdue, over all environments."""

    overdue: int


Tell = Callable[..., None]
"""Writes a line of the log: severity, words, and what they are about."""


def _nothing(*_said: object, **_about: object) -> None:
    """Write nothing."""


class Govern:
    """The use cases over their ports."""

    def __init__(
        self,
        releases: Releases,
        catalogues: Catalogues,
        key: bytes,
        pause: Callable[[int], None],
        tell: Tell = _nothing,
    ) -> None:
        """Govern by what `releases` hold, of revisions that `catalogues` keep, with entries signed by a key;
        `pause(n)` waits, with jitter, before the n-th try again.
        """
        self._releases = releases
        self._catalogues = catalogues
        self._key = key
        self._pause = pause
        self._tell = tell

    def keep(self, canonical: bytes) -> Kept:
        """Keep a revision.

        Raises:
            InvalidError: it is no canonical form of one, or cannot decide.
        """
        try:
            revision = Revision.decode(canonical)
            Policy(revision)
        except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, ValueError) as error:
            raise InvalidError(f"is no revision as `kairos catalogue build --output` writes it: {error}") from error
        if revision.catalogue.canonical() != canonical:
            raise InvalidError("is not in canonical form: `kairos catalogue build --output` writes it so")
        self._catalogues.keep(revision)
        return Kept(revision=revision.id, actions=len(revision.actions), treatments=len(revision.treatments))

    def __call__(self, name: str, command: AnyCommand, by: Actor, now: datetime) -> Governed:
        """Do what is asked of an environment, where it fits.

        Raises:
            InvalidError: the command cannot be meant.
            ForbiddenError: who asks may not do this.
            NotFoundError: what it names is not there.
            ConflictError: it does not fit the state that things have by now.
            TransientError: others change the environment again and again, or the store did not answer.
        """
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(attempt)
            held = self._releases.held(name)
            if held.environment is None and held.in_force is not None and not isinstance(command, Begin):
                self._adopt(name, held, now)
                continue
            environment = (held.environment or Environment(name=name)).settled(now)
            self._check(environment, command)
            governed = govern(environment, command, by, now)
            if governed.environment is environment or self._stored(held, governed, command, by, now):
                return governed
        raise TransientError(f"others change the releases of {name} at the same time")

    def governance(self, name: str, now: datetime) -> Governance:
        """What governs an environment."""
        environment = self._environment(name, now)
        return Governance(
            environment=name,
            in_force=environment.in_force() or self._releases.held(name).in_force,
            releases=list(reversed(environment.releases)),
            reviews=[
                Waiting(release=each.id, due_at=each.review.due_at, overdue=each.review.due_at <= now)
                for each in environment.reviews()
                if each.review is not None
            ],
            freezes=list(environment.freezes),
        )

    def in_force(self, name: str, now: datetime) -> InForce:
        """What decides in an environment.

        Raises:
            NotFoundError: nothing does.
        """
        found = self._environment(name, now).in_force() or self._releases.held(name).in_force
        if found is None:
            raise NotFoundError(f"nothing is live in {name}")
        return found

    def release(self, name: str, release_id: str, now: datetime) -> Release:
        """A release.

        Raises:
            NotFoundError: there is none.
        """
        return self._environment(name, now).release(release_id)

    def switches(self, name: str, now: datetime) -> SwitchesOff:
        """What is switched off."""
        return SwitchesOff(switches=list(self._environment(name, now).switches))

    def log(self, name: str, after: int) -> AuditLog:
        """The log from behind an entry on."""
        entries = self._releases.log(name, after=after, limit=ENTRIES_AT_ONCE)
        return AuditLog(entries=list(entries), head=self._releases.held(name).head)

    def verification(self, name: str, head: str) -> Verification:
        """Compare a log with itself, with what is there and, unless it is empty, with a head that was noted earlier.

        Raises:
            InvalidError: the head is none.
            TransientError: the log grows while it is read, again and again.
        """
        for _ in range(ATTEMPTS):
            held, entries = self._releases.held(name), self._releases.log(name)
            if self._releases.held(name).version == held.version:
                return verify(name, entries, held.environment, held.in_force, self._key, beside=held.head, head=head)
        raise TransientError("the log grows while it is read")

    def alarm(self, now: datetime) -> Reviews:
        """Say of every review that is overdue that it is, where alarms listen."""
        overdue = 0
        for name in self._releases.environments():
            for each in self._environment(name, now).overdue(now):
                overdue += 1
                due = each.review.due_at.isoformat() if each.review else ""
                self._tell(
                    "ERROR", "a review of an emergency is overdue", environment=name, release=each.id, due_at=due
                )
        return Reviews(overdue=overdue)

    def _environment(self, name: str, now: datetime) -> Environment:
        return (self._releases.held(name).environment or Environment(name=name)).settled(now)

    def _adopt(self, name: str, held: Held, now: datetime) -> None:
        """Begin with what was live before there were releases."""
        assert held.in_force is not None
        command = Begin(revision=held.in_force.revision, why="was live before there were releases")
        self._stored(held, govern(Environment(name=name), command, ADOPTED, now), command, ADOPTED, now)

    def _stored(self, held: Held, governed: Governed, command: AnyCommand, by: Actor, now: datetime) -> bool:
        """Keep what came of a command; False where somebody else was faster."""
        about = governed.about
        made = entry(held.head, governed.environment, command, _named(about), by=by, now=now, key=self._key)
        try:
            self._releases.store(governed.environment, made, held.version)
        except StaleError:
            return False
        said = str(command.__struct_config__.tag)
        self._tell(
            "INFO", "audit", environment=made.environment, did=said, about=made.about, by=by.name, head=made.head
        )
        return True

    def _check(self, environment: Environment, command: AnyCommand) -> None:
        """Raise where a command names what no revision is or has."""
        if isinstance(command, Begin | Propose):
            self._catalogues.get(command.revision)
        if isinstance(command, SetSwitch) and command.off:
            if not environment.live:
                raise NotFoundError(f"nothing is live in {environment.name} that could be switched off")
            self._look_for(environment, command)

    def _look_for(self, environment: Environment, command: SetSwitch) -> None:
        """Raise where nothing that decides, or did lately, and so may have it in flight, has what is to be switched
        off. A revision that cannot be read here may have it for all that is known, and a switch must not wait for that.
        """
        known: set[str] = set()
        for revision in environment.decided_lately():
            try:
                known |= self._known(revision, command.kind)
            except (NotFoundError, msgspec.MsgspecError, LookupError, ValueError) as error:
                self._tell(
                    "ERROR", "a revision cannot be read: what is switched off was not looked for", why=str(error)
                )
                return
            if command.id in known:
                return
        near = difflib.get_close_matches(command.id, sorted(known), n=3) or sorted(known)[:3]
        raise InvalidError(f"no {command.kind} is called so; there is {', '.join(near) or 'none'}", field="id")

    def _known(self, revision_id: str, kind: str) -> set[str]:
        """What there is of a kind in a revision."""
        revision = self._catalogues.get(revision_id).revision
        by_kind: dict[str, Callable[[Revision], Iterable[str]]] = {
            "action": lambda revision: revision.actions,
            "brand": lambda revision: revision.brands,
            "channel": lambda revision: revision.channels,
        }
        return set(by_kind[kind](revision))


def _named(about: Release | Freeze | Switch | None) -> str:
    """What an entry calls what a command was about."""
    if about is None:
        return ""
    return about.off.name if isinstance(about, Switch) else about.id
