"""The audit log: every command that did something, by whom, when and why, chained by hash and signed.

Each entry names the one before it by its digest, says what it left in force, and has the digest of all that it left. So
what was changed, taken out or put in between is found, and so is a state that no entry accounts for. Whoever holds the
key signs: without it nobody can make a chain anew that looks like ours. That entries at the end are gone shows in the
state, which is written with the last of them, and, should both be put back together, in any head noted elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from shared.domain.canonical import canonical
from shared.domain.errors import InvalidError
from shared.domain.governance.commands import AnyCommand
from shared.domain.governance.environment import Environment
from shared.domain.governance.in_force import InForce
from shared.domain.governance.release import Actor
from shared.domain.instant import Instant
from shared.domain.ready import ready

MOST_FINDINGS = 1000
"""Findings that are told one by one."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A command that did something.

    Attributes:
        number: entries of an environment are counted from 1.
        about: the id of the release, freeze or switch that it was about.
        left: what was in force after it.
        state: the SHA-256 of the canonical form of the environment after it, in hexadecimal.
        previous: the id of the entry before it; empty for the first.
        signature: HMAC-SHA-256 of all the above, in hexadecimal.
    """

    number: int
    environment: str
    at: Instant
    by: str
    is_person: bool
    about: str
    command: AnyCommand
    left: InForce | None = None
    state: str
    previous: str
    signature: str = ""

    @property
    def id(self) -> str:
        """The digest of the whole entry."""
        return hashlib.sha256(canonical(self)).hexdigest()

    @property
    def head(self) -> str:
        """What stands for the log up to here: to be noted elsewhere, and compared."""
        return f"{self.number}:{self.id}"

    def signed(self, key: bytes) -> Entry:
        """The same, signed."""
        unsigned = canonical(msgspec.structs.replace(self, signature=""))
        return msgspec.structs.replace(self, signature=hmac.new(key, unsigned, hashlib.sha256).hexdigest())


def read(data: bytes | str) -> Entry | None:
    """An entry as it was kept; None where it cannot be read, as one that was tampered with, which so is missing."""
    try:
        return msgspec.json.decode(data, type=ready(Entry))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that is not as it was written.

    Attributes:
        kind: of an entry, it is `missing`, gone or not to be read, its `signature` is wrong, or its `link` to the one
            before or to its environment; what is `in_force`, or the whole `state`, is not what the last entry left; the
            log does not end in the `head` that stands beside the state, or does not have the one that was noted.
        entry: its number.
        detail: what is wrong, for people.
    """

    kind: Literal["missing", "signature", "link", "in_force", "state", "head"]
    entry: int
    detail: str


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What was found of a log.

    Attributes:
        agrees: nothing is wrong.
        entries: how many there are.
        head: what stands for all of them; empty where there is none.
        findings: the first of what is wrong.
    """

    environment: str
    agrees: bool
    entries: int
    head: str
    findings: tuple[Finding, ...] = ()


def entry(
    head: str, environment: Environment, command: AnyCommand, about: str, *, by: Actor, now: datetime, key: bytes
) -> Entry:
    """The entry of a command.

    Args:
        head: of the log before it; empty for the first.
        environment: as the command left it.
        command: what did something.
        about: what it was about.
        by: who asked.
        now: when, UTC.
        key: signs.
    """
    number, _, previous = head.partition(":")
    made = Entry(
        number=int(number or 0) + 1,
        environment=environment.name,
        at=now,
        by=by.name,
        is_person=by.is_person,
        about=about,
        command=command,
        left=environment.in_force(),
        state=fingerprint(environment),
        previous=previous,
    )
    return made.signed(key)


def fingerprint(environment: Environment) -> str:
    """What stands for the whole state of an environment."""
    return hashlib.sha256(canonical(environment)).hexdigest()


def verify(
    name: str,
    entries: Sequence[Entry],
    environment: Environment | None,
    in_force: InForce | None,
    key: bytes,
    *,
    beside: str | None = None,
    head: str = "",
) -> Verification:
    """Compare a log with itself, and with what is there. Where there is neither log nor state yet, whatever decides was
    put there before there was governance, and only a head that was noted says otherwise.

    Args:
        name: of the environment.
        entries: its log, by number.
        environment: its state, None where there is none.
        in_force: what deciding functions read.
        key: that entries were signed with.
        beside: the head that stands beside the state, which the next entry follows; None where nobody looked.
        head: one that was noted earlier; empty for none.

    Raises:
        InvalidError: the head is none.
    """
    findings = [*_links(name, entries, key)]
    last = entries[-1] if entries else None
    number = last.number if last else 0
    is_governed = last is not None or environment is not None
    if is_governed and in_force != (last.left if last else None):
        findings.append(Finding(kind="in_force", entry=number, detail=_differs(last, in_force)))
    if (fingerprint(environment) if environment else "") != (last.state if last else ""):
        detail = "the state of the environment is not what this entry left" if last else "there is a state and no log"
        findings.append(Finding(kind="state", entry=number, detail=detail))
    if beside is not None and beside != (last.head if last else ""):
        findings.append(Finding(kind="head", entry=number, detail="the next entry would not follow this one"))
    findings += _noted(entries, head)
    return Verification(
        environment=name,
        agrees=not findings,
        entries=len(entries),
        head=last.head if last else "",
        findings=tuple(findings[:MOST_FINDINGS]),
    )


def _links(name: str, entries: Iterable[Entry], key: bytes) -> Iterator[Finding]:
    previous, number = "", 0
    for each in entries:
        said = f"{each.command.__struct_config__.tag} of {each.about} by {each.by} at {each.at.isoformat()}"
        if each.number != number + 1:
            gone = f"{number + 1}" if each.number == number + 2 else f"{number + 1} to {each.number - 1}"
            yield Finding(kind="missing", entry=number + 1, detail=f"{gone}, gone or not to be read, before {said}")
        elif each.previous != previous:
            yield Finding(kind="link", entry=each.number, detail=f"what is before {said} is not what was")
        elif each.environment != name:
            yield Finding(kind="link", entry=each.number, detail=f"{said} is of {each.environment}")
        if not hmac.compare_digest(each.signature, each.signed(key).signature):
            yield Finding(kind="signature", entry=each.number, detail=f"{said} was changed")
        previous, number = each.id, each.number


def _differs(last: Entry | None, in_force: InForce | None) -> str:
    is_ = in_force.revision if in_force else "nothing"
    if last is None:
        return f"{is_} is live, and no entry says so"
    left, by = last.left, f"{last.by} left"
    was = left.revision if left else "nothing"
    if is_ != was:
        return f"{is_} is live, and {by} {was}"
    if in_force is not None and left is not None and in_force.switches != left.switches:
        off, was_off = (", ".join(each.name for each in of.switches) or "nothing" for of in (in_force, left))
        return f"{off} is switched off, and {by} {was_off} off"
    return f"the canary, or what is next, is not what {by}"


def _noted(entries: Sequence[Entry], head: str) -> Iterator[Finding]:
    if not head:
        return
    number, _, digest = head.partition(":")
    if not number.isdecimal() or not digest:
        raise InvalidError("is no head such as 12:9f0c…", field="head")
    found = next((each for each in entries if each.number == int(number)), None)
    if found is None:
        yield Finding(kind="head", entry=int(number), detail="the log had this entry, and has it no more")
    elif found.id != digest:
        yield Finding(kind="head", entry=int(number), detail="this entry, or one before it, is another than it was")
