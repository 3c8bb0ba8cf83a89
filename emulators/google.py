"""Google's own Pub/Sub and Firestore emulators: where they are on this machine, and how each is started.

The gcloud CLI ships both as Java programs in its `platform` folder. `find` looks for them without running gcloud,
which would take seconds, and starts Java itself, because gcloud's launchers leave their Java child behind when they
are stopped.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST_JAVA = 11
"""Firestore's emulator is compiled for Java 11, Pub/Sub's for 8; both run on 17 and 25."""

FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"

JVM = (
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xshare:auto",
    "-Xmx512m",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-BytecodeVerificationRemote",
)
"""Quick to start, small, and enough for a laptop: a short compiler, a plain collector, and no second look at Google's
bytecode. Measured on two cores with Java 17: Pub/Sub up in 1.1 s instead of 1.7, Firestore in 1.3 s instead of 2.1,
with 40 % less processor time; 110 and 135 MB of memory once started."""


@dataclass(frozen=True)
class Installation:
    """Both emulators and a Java that runs them."""

    java: Path
    java_version: int
    pubsub_jar: Path
    firestore_jar: Path

    def pubsub(self, port: int) -> list[str]:
        """Give the command that serves Pub/Sub on 127.0.0.1 at `port`."""
        return [str(self.java), *JVM, "-jar", str(self.pubsub_jar), "--host=127.0.0.1", f"--port={port}"]

    def firestore(self, port: int) -> list[str]:
        """Give the command that serves Firestore on 127.0.0.1 at `port`."""
        program = ["-Duser.language=en", "-cp", str(self.firestore_jar), FIRESTORE_MAIN]
        return [str(self.java), *JVM, *program, "--host=127.0.0.1", f"--port={port}"]


@dataclass(frozen=True)
class Missing:
    """What keeps the emulators from running here, for the person at the keyboard.

    `what` is missing, `how` it is got; both in whole sentences.
    """

    what: str
    how: str


def find() -> Installation | Missing:
    """Find the emulators and Java on this machine; takes one run of `java -version`, about 50 ms."""
    roots = list(_sdk_roots())
    if not roots:
        return Missing(
            "The gcloud CLI, which brings Google's Pub/Sub and Firestore emulators, was not found.",
            "Install it (https://cloud.google.com/sdk/docs/install), then run: "
            "gcloud components install pubsub-emulator cloud-firestore-emulator",
        )
    pubsub = _newest(roots, "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar")
    firestore = _newest(roots, "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar")
    absent = [
        name for name, jar in (("pubsub-emulator", pubsub), ("cloud-firestore-emulator", firestore)) if jar is None
    ]
    if pubsub is None or firestore is None:
        packages = " ".join(f"google-cloud-cli-{name.removeprefix('cloud-')}" for name in absent)
        return Missing(
            f"The gcloud CLI at {roots[0]} lacks {' and '.join(absent)}.",
            f"Run: gcloud components install {' '.join(absent)} "
            f"(or, when gcloud came from apt: sudo apt-get install {packages})",
        )
    return _with_java(pubsub, firestore)


def _with_java(pubsub_jar: Path, firestore_jar: Path) -> Installation | Missing:
    """Complete the two programs with the first Java on this machine that is new enough."""
    how = "Install a Java runtime, for example: sudo apt-get install openjdk-17-jre-headless, or https://adoptium.net"
    seen = []
    for java in _javas():
        version = _java_version(java)
        if version is not None and version >= OLDEST_JAVA:
            return Installation(java, version, pubsub_jar, firestore_jar)
        seen.append(f"{java} ({'does not run' if version is None else version})")
    if seen:
        return Missing(f"The emulators need Java {OLDEST_JAVA} or newer; found only {', '.join(seen)}.", how)
    return Missing(f"The emulators need Java {OLDEST_JAVA} or newer, and there is none.", how)


def _sdk_roots() -> Iterator[Path]:
    """Yield the folders where a gcloud CLI is installed, the one that `gcloud` would run first."""
    named = (os.environ.get(variable) for variable in ("CLOUDSDK_ROOT", "CLOUDSDK_ROOT_DIR"))
    candidates = [Path(value) for value in named if value]
    if gcloud := shutil.which("gcloud"):
        candidates.append(Path(gcloud).resolve().parent.parent)
    candidates += [
        Path.home() / "google-cloud-sdk",
        Path("/usr/lib/google-cloud-sdk"),
        Path("/usr/local/google-cloud-sdk"),
        Path("/opt/google-cloud-sdk"),
        Path("/snap/google-cloud-sdk/current"),
        Path("/snap/google-cloud-cli/current"),
        Path("/opt/homebrew/share/google-cloud-sdk"),
        Path("/usr/local/share/google-cloud-sdk"),
    ]
    yield from (root for root in dict.fromkeys(candidates) if (root / "platform").is_dir())


def _newest(roots: list[Path], pattern: str) -> Path | None:
    """Give the newest file that fits `pattern` in the first root that has one."""
    for root in roots:
        if found := list(root.glob(pattern)):
            return max(found, key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)])
    return None


def _javas() -> Iterator[Path]:
    """Yield the Java programs of this machine, the chosen one first."""
    candidates = []
    if home := os.environ.get("JAVA_HOME"):
        candidates.append(Path(home) / "bin" / "java")
    if java := shutil.which("java"):
        candidates.append(Path(java))
    for folder in (Path("/usr/lib/jvm"), Path("/Library/Java/JavaVirtualMachines"), Path("/opt/homebrew/opt")):
        candidates += sorted([*folder.glob("*/bin/java"), *folder.glob("*/Contents/Home/bin/java")], reverse=True)
    yield from (java for java in dict.fromkeys(candidates) if os.access(java, os.X_OK))


def _java_version(java: Path) -> int | None:
    """Give a Java's major version, or None when it does not run (macOS ships a stub that only apologises)."""
    try:
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    named = re.search(r'version "(\d+)(?:\.(\d+))?', answer.stderr + answer.stdout)
    if answer.returncode != 0 or named is None:
        return None
    return int(named[2]) if named[1] == "1" and named[2] else int(named[1])
