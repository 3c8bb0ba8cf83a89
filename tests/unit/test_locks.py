"""The locks pin everything by hash, name no address, and agree with each other and with what is declared."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOYED, BRIDGE, DEVELOPMENT = "requirements.txt", "requirements-kafka.txt", "requirements-dev.txt"
PEERS, MEASURING, BATCH = "requirements-learning.txt", "requirements-measuring.txt", "requirements-batch.txt"
PIN = re.compile(r"(?P<name>[a-z0-9]([a-z0-9._-]*[a-z0-9])?)==(?P<version>[^\s;]+)( ; (?P<marker>.+))?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def requirements(lock: str) -> list[str]:
    """The lock's requirements, each on one line with its hashes."""
    text = (ROOT / lock).read_text().replace("\\\n", "")
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def pins(lock: str) -> set[tuple[str, str, str]]:
    """Name, version and marker of every requirement."""
    found = [PIN.match(line.split("--hash")[0].strip()) for line in requirements(lock)]
    return {(pin["name"], pin["version"], pin["marker"] or "") for pin in found if pin}


def declared(*requirements: str) -> set[str]:
    """The normalised names in PEP 508 requirements."""
    names = [re.split(r"[^A-Za-z0-9._-]", requirement)[0] for requirement in requirements]
    return {re.sub(r"[-_.]+", "-", name).lower() for name in names}


@pytest.mark.parametrize("lock", [DEPLOYED, BRIDGE, DEVELOPMENT, PEERS, MEASURING, BATCH])
def test_every_requirement_is_pinned_with_hashes(lock):
    lines = requirements(lock)

    assert lines
    for line in lines:
        requirement, *hashes = re.split(r"\s+(?=--hash)", line)
        assert PIN.fullmatch(requirement), f"not pinned: {requirement}"
        assert hashes, f"no hash: {requirement}"
        assert all(HASH.fullmatch(each) for each in hashes), f"not a SHA-256: {requirement}"


@pytest.mark.parametrize("lock", [DEPLOYED, BRIDGE, DEVELOPMENT, PEERS, MEASURING, BATCH])
def test_no_lock_names_an_address_or_a_path(lock):
    text = (ROOT / lock).read_text()

    assert not re.search(r"\w+://|file:|--(extra-)?index-url|--find-links|--trusted-host|(^|\s)/\w+/", text)


def test_what_is_deployed_is_what_is_developed_against():
    assert pins(DEPLOYED) | pins(BRIDGE) < pins(DEVELOPMENT)
    assert not pins(DEPLOYED) & pins(BRIDGE)


def test_everything_declared_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {lock: {name for name, _, _ in pins(lock)} for lock in (DEPLOYED, DEVELOPMENT)}

    assert declared(*project["dependencies"]) <= names[DEPLOYED]
    assert declared(*project["optional-dependencies"]["kafka"]) == {name for name, _, _ in pins(BRIDGE)}
    assert declared(*project["optional-dependencies"]["learning"]) <= {name for name, _, _ in pins(PEERS)}
    assert declared(*project["optional-dependencies"]["measuring"]) <= {name for name, _, _ in pins(MEASURING)}
    assert declared(*project["optional-dependencies"]["batch"]) <= {name for name, _, _ in pins(BATCH)}
    assert declared(*project["dependencies"], *project["optional-dependencies"]["dev"]) <= names[DEVELOPMENT]


@pytest.mark.parametrize("lock", [PEERS, MEASURING, BATCH])
def test_what_is_optional_is_what_is_developed_against(lock):
    developed = {(name, version) for name, version, _ in pins(DEVELOPMENT)}
    names = {name for name, _ in developed}

    assert {(name, version) for name, version, _ in pins(lock) if name in names} <= developed


def test_development_tools_are_not_deployed():
    deployed = {name for name, _, _ in pins(DEPLOYED)}

    assert not deployed & {"bqemulator", "cel-expr-python", "duckdb", "pytest", "mypy", "pyyaml", "ruff", "uv"}
