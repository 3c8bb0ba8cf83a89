"""Setup says what it misses, and does nothing twice."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, pointed at an empty project folder."""
    spec = importlib.util.spec_from_file_location("kairos_setup", ROOT / "scripts" / "setup.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in {
        "ROOT": "",
        "LOCK": "lock.txt",
        "VENV": "venv",
        "PYTHON": "venv/python",
        "STAMP": "venv/stamp",
    }.items():
        monkeypatch.setattr(module, name, tmp_path / path)
    return module


def finished(setup: ModuleType) -> None:
    """What a finished run leaves behind."""
    setup.LOCK.write_text("flask==1\n")
    setup.VENV.mkdir()
    setup.PYTHON.touch()
    (setup.VENV / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
    setup.STAMP.write_text(json.dumps(setup.fingerprint()))


def test_a_finished_environment_is_up_to_date(setup):
    finished(setup)

    assert setup.up_to_date()
    assert setup.fingerprint()["python"] == "3.11.7"


@pytest.mark.parametrize("change", ["lock", "python", "stamp"])
def test_whatever_changed_is_installed_again(setup, change):
    finished(setup)
    if change == "lock":
        setup.LOCK.write_text("flask==2\n")
    elif change == "python":
        setup.PYTHON.unlink()
    else:
        setup.STAMP.unlink()

    assert not setup.up_to_date()


def test_an_old_python_alone_is_refused_with_what_to_do(setup, monkeypatch):
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/usr/bin/{Path(name).name}")
    monkeypatch.setattr(setup, "version_of", lambda path: (3, 9, 2) if path == "/usr/bin/python3" else None)

    with pytest.raises(setup.SetupError, match=re.escape("needs Python 3.11 or newer (/usr/bin/python3 is 3.9.2)")):
        setup.find_python()


def test_a_newer_python_under_another_name_is_found(setup, monkeypatch):
    versions = {"/usr/bin/python3": (3, 9, 2), "/usr/bin/python3.12": (3, 12, 1)}
    monkeypatch.setattr(setup.sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(setup.shutil, "which", lambda name: f"/usr/bin/{Path(name).name}")
    monkeypatch.setattr(setup, "version_of", versions.get)

    assert setup.find_python() == "/usr/bin/python3.12"


def test_the_installer_itself_is_locked(setup, monkeypatch):
    monkeypatch.setattr(setup, "LOCK", ROOT / "requirements-dev.txt")

    lines = setup.locked("uv").splitlines()

    assert re.match(r"uv==[\d.]+ \\$", lines[0])
    assert all("--hash=sha256:" in line for line in lines[1:])
    assert not lines[-1].endswith("\\")


def test_a_failed_program_is_an_error_with_its_exit_code(setup):
    with pytest.raises(setup.SetupError, match="exit code 1: false"):
        setup.run(["false"])


def test_without_uv_pip_installs_exactly_the_lock(setup, monkeypatch):
    commands = []
    monkeypatch.setattr(setup, "find_uv", lambda: None)
    monkeypatch.setattr(setup, "run", commands.append)

    setup.install()

    [command] = commands
    assert command[:4] == [str(setup.PYTHON), "-m", "pip", "install"]
    assert command[-2:] == ["-r", str(setup.LOCK)]
    assert {"--require-hashes", "--no-deps"} <= set(command)
