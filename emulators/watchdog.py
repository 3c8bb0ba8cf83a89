"""Stops process groups whose supervisor is gone: `python -m emulators.watchdog` reads group ids until its input ends.

A supervisor that is killed outright cannot stop its children, so it keeps a pipe to this small process and names each
child's group there: `+ID` when it starts, `-ID` when it has ended. However the supervisor dies, the pipe closes, and
what is still on the list is killed. Unlike a parent-death signal this works on every POSIX system, reaches
grandchildren, and does not depend on which thread of the supervisor started a child.
"""

import contextlib
import os
import signal
import sys


def main() -> None:
    """Keep the list until the input ends, then kill every group on it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # it ends when its supervisor does, not before
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
