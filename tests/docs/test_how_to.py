"""The commands of the how-tos, run as a reader would run them, say what the pages say that they say."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, all_blocks, named

HOW_TO = ROOT / "docs" / "how-to"
START_SECONDS = 90
PAGE_SECONDS = 120
NEEDS_EMULATORS, NEEDS_KAFKA = ("find-and-redrive-poison.md", "keep-it-whole.md", "run-a-wave.md"), "connect-kafka.md"
EMBEDDED = sorted(page for page in HOW_TO.glob("*.md") if page.name not in {*NEEDS_EMULATORS, NEEDS_KAFKA})

_COPIED_NOT = shutil.ignore_patterns(".*", "__pycache__")
_NEVER_THE_SAME = (
    (re.compile(r"\b([dopqv])-[0-9a-f]{16,}"), r"\1-ID"),
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"), "TIME"),
    (re.compile(r"\d+(?:\.\d+)?"), "0"),
)

pytestmark = pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None,
    reason="the how-tos are written for bash and curl. To get them: apt-get install bash curl",
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working copy of the reader's own, in which pages may leave files."""
    return Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("reader") / "kairos", ignore=_COPIED_NOT))


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """`kairos up --on embedded` in another terminal, and the environment of this one."""
    yield from platform(tmp_path_factory.mktemp("embedded"), "--on", "embedded")


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """`kairos up --on emulators`, likewise."""
    yield from platform(tmp_path_factory.mktemp("emulators"), "--on", "emulators")


@pytest.fixture(scope="module")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """`kairos up --bus kafka`, likewise."""
    yield from platform(tmp_path_factory.mktemp("kafka"), "--bus", "kafka")


@pytest.mark.parametrize("page", [*EMBEDDED, ROOT / "docs" / "deploy.md"], ids=named)
def test_a_page_does_what_it_says(page, reader, embedded):
    follow(page, reader, embedded)


@pytest.mark.emulators
@pytest.mark.parametrize("page", NEEDS_EMULATORS)
def test_a_page_does_on_the_emulators_what_it_says(page, reader, emulators):
    follow(HOW_TO / page, reader, emulators)


def test_kafka_is_connected(reader, kafka):
    follow(HOW_TO / NEEDS_KAFKA, reader, kafka)


def follow(page: Path, reader: Path, environment: dict[str, str]) -> None:
    """Run the page's commands in one shell; after each, what it printed must be what the page shows."""
    told = [(block.language, block.text) for block in all_blocks(page) if block.language in ("bash", "text")]
    mark = "=== the next block ==="
    script = "\n".join(f"echo '{mark}'\n{text}" for language, text in told if language == "bash")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=reader,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PAGE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    outputs = iter(done.stdout.split(mark)[1:])
    printed = ""
    for language, text in told:
        if language == "bash":
            printed = next(outputs)
        else:
            for line in text.splitlines():
                assert is_in(line, printed), f"the page shows\n{line}\nand this was printed\n{printed}"


def is_in(line: str, printed: str) -> bool:
    """Whether a line was printed: `…` stands for anything, and so do ids, times and numbers."""
    pattern = ".*".join(re.escape(part) for part in _same(line).rstrip().split("…"))
    return re.search(pattern, _same(printed)) is not None


def _same(text: str) -> str:
    for never_the_same, name in _NEVER_THE_SAME:
        text = never_the_same.sub(name, text)
    return re.sub(r" +", " ", text)


def platform(folder: Path, *options: str) -> Iterator[dict[str, str]]:
    """A platform of its own process and state, stopped at the end as by Ctrl-C."""
    binaries = Path(sys.executable).parent
    environment = {**os.environ, "KAIROS_STATE": str(folder), "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    log = folder / "up.txt"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", *options], cwd=ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not (folder / "endpoints.json").exists():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)  # another process writes the file, and tells nobody
        yield environment
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
