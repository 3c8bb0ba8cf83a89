"""Make the project's virtual environment: `.venv`, exactly what requirements-dev.txt locks, and the `kairos` command.

Run by `make setup` with whatever `python3` is, so this file keeps to the standard library and to syntax that an old
Python can at least read, to say what it misses. A second run finds its stamp and returns at once.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-dev.txt"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".stamp"
OLDEST = (3, 11)
TRIED = ("python3.11", "python3.12", "python3.13", "python3.14", "python3", "python")
SHIM = """#!{python}
import sys

from cli.main import main

if __name__ == "__main__":  # a simulation of several processes imports this in each of them
    sys.exit(main())
"""


class SetupError(Exception):
    """The environment cannot be made; the text says why and what to do."""


def say(line: str) -> None:
    """Tell the person who waits."""
    print(line, flush=True)


def run(command: list[str]) -> None:
    """Run a program, its output left to the terminal.

    Raises:
        SetupError: it failed.
    """
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        message = "failed with exit code {}: {}".format(done.returncode, " ".join(command))
        raise SetupError(message)


def version_of(python: str) -> tuple[int, ...] | None:
    """The version of an interpreter, or None where the name leads to none that starts."""
    probe = [python, "-c", "import ensurepip, sys, venv; print(*sys.version_info[:3])"]
    done = subprocess.run(probe, check=False, capture_output=True, text=True)
    return tuple(int(part) for part in done.stdout.split()) if done.returncode == 0 else None


def find_python() -> str:
    """An interpreter that is new enough, this one if it is.

    Raises:
        SetupError: there is none.
    """
    found = []
    for name in (sys.executable, *TRIED):
        path = shutil.which(name)
        version = version_of(path) if path else None
        if path and version and version >= OLDEST:
            return path
        if version:
            found.append("{} is {}".format(path, ".".join(map(str, version))))
    wanted = ".".join(map(str, OLDEST))
    seen = "; ".join(dict.fromkeys(found)) or "no Python with the venv module was found"
    message = (
        f"Kairos needs Python {wanted} or newer ({seen}). Install one, and its venv module, and run make setup again."
    )
    raise SetupError(message)


def fingerprint() -> dict[str, str]:
    """What the environment is made from: if none of it changed, there is nothing to do."""
    digest = hashlib.sha256(LOCK.read_bytes() + Path(__file__).read_bytes()).hexdigest()
    config = VENV / "pyvenv.cfg"
    lines = config.read_text().splitlines() if config.exists() and PYTHON.exists() else []
    versions = [line.split("=")[1].strip() for line in lines if line.startswith("version")]
    return {"lock": digest, "python": versions[0] if versions else "none", "root": str(ROOT)}


def up_to_date() -> bool:
    """Whether the stamp of the last finished run still tells the truth."""
    return STAMP.exists() and json.loads(STAMP.read_text()) == fingerprint()


def locked(name: str) -> str:
    """One package's lines of the lock, hashes included."""
    text = LOCK.read_text()
    start = text.index(f"\n{name}==") + 1
    lines = text[start:].splitlines()
    end = next(at for at, line in enumerate(lines) if not line.rstrip().endswith("\\"))
    return "\n".join(lines[: end + 1]) + "\n"


def find_uv() -> str | None:
    """The installer uv: from PATH, else its locked release put into the environment by pip, else None."""
    on_path = shutil.which("uv")
    if on_path:
        return on_path
    say("· no uv on PATH: installing the locked one")
    with tempfile.TemporaryDirectory() as folder:
        only_uv = Path(folder) / "uv.txt"
        only_uv.write_text(locked("uv"))
        command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run([*command, "--require-hashes", "-r", str(only_uv)], check=False)
    if done.returncode != 0:
        say("· uv could not be installed here: going on with pip, which is slower")
        return None
    return str(VENV / "bin" / "uv")


def install() -> None:
    """Install the lock, compiled to bytecode: a cold start imports several times faster for it."""
    uv = find_uv()
    say(f"· installing {LOCK.name} with {'uv' if uv else 'pip'}")
    if uv:
        run(
            [uv, "pip", "sync", "--quiet", "--require-hashes", "--compile-bytecode", "--python", str(PYTHON), str(LOCK)]
        )
    else:
        pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--compile"]
        # the lock is complete; pip before 24.0 takes `google-auth[pyopenssl]` for another package than the locked one
        run([*pip, "--no-deps", "--require-hashes", "-r", str(LOCK)])


def link() -> None:
    """Put the repository on the environment's path and the `kairos` command into it."""
    site_packages = next(VENV.glob("lib/python3*/site-packages"))
    (site_packages / "kairos.pth").write_text(f"{ROOT}\n")
    shim = VENV / "bin" / "kairos"
    shim.write_text(SHIM.format(python=PYTHON))
    shim.chmod(0o755)


def main() -> None:
    """Make the environment, unless it is there; of several that start at once, one does and the others wait."""
    os.chdir(ROOT)
    if up_to_date():
        return
    with Path(__file__).open() as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not up_to_date():
            make()


def make() -> None:
    """Make the environment from nothing.

    Raises:
        SetupError: no Python is new enough, or a step failed.
    """
    started = time.monotonic()
    python = find_python()
    version = ".".join(map(str, version_of(python) or ()))
    say(f"· Python {version} ({python})")
    STAMP.unlink(missing_ok=True)
    run([python, "-m", "venv", "--clear", str(VENV)])
    install()
    link()
    STAMP.write_text(json.dumps(fingerprint()))
    say(f"✓ ready in {time.monotonic() - started:.0f} s: .venv/bin/kairos")


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"setup: {error}")
