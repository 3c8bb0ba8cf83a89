"""The command line where no platform answers: what is wrong and what to do, and exit code 1."""

from __future__ import annotations

import json
import socket

import pytest
from click.testing import CliRunner

from cli import platform
from cli.main import kairos
from emulators.endpoints import EndpointsFile
from emulators.ports import Ports
from shared.domain.errors import TransientError

COMMANDS = {
    "send": ("send", "signals", __file__),
    "decide": ("decide", "--identifier", "customer_no=C000001", "--channel", "web"),
    "explain": ("explain", "d-0"),
    "bridge kafka": ("bridge", "kafka", "--topic", "bank.web=segment"),
    "quarantine list": ("quarantine", "list"),
    "quarantine show": ("quarantine", "show", "q-0"),
    "quarantine redrive": ("quarantine", "redrive", "--all"),
    "catalogue publish": ("catalogue", "publish"),
}
TALKING = {name: COMMANDS[name] for name in ("send", "decide", "explain")}


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "STATE", tmp_path)
    return tmp_path


def written(state, **changes):
    """The endpoints file of a platform whose ports nobody listens on any more."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
    file = EndpointsFile(state)
    assert file.claim()
    content = {
        "endpoints": dict.fromkeys(("ingest", "decide", "feedback"), f"http://{address}"),
        "headers": {},
        "emulators": {"firestore": address, "pubsub": address, "bigquery": f"http://{address}"},
        "project": "kairos-local",
        "on": "emulators",
    }
    file.write({**content, **changes})
    return file


def killed(file):
    """The same platform, killed: its lock goes with its process, its file stays."""
    file._lock.close()


def said(command, code=1):
    answer = CliRunner().invoke(kairos, command)
    assert answer.exit_code == code, answer.output
    assert isinstance(answer.exception, SystemExit)
    return answer.output


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_without_a_platform_the_command_says_how_to_start_one(state, command):
    assert "No platform runs here." in (output := said(command))
    assert "kairos up" in output


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_the_endpoints_of_a_killed_platform_are_not_tried(state, command):
    killed(written(state))

    output = said(command)

    assert "runs no more" in output
    assert "kairos up" in output


@pytest.mark.parametrize("command", TALKING.values(), ids=TALKING)
def test_a_function_that_does_not_answer_is_named_with_its_log(state, command):
    file = written(state)

    output = said(command)

    file.remove()
    function = "ingest" if command[0] == "send" else "decide"
    assert f"{function} at http://127.0.0.1:" in output
    assert "does not answer" in output
    assert f"{function}.log" in output


def test_the_endpoints_of_another_version_are_no_traceback(state):
    file = written(state, on="the moon")

    output = said(COMMANDS["explain"])

    file.remove()
    assert "is not what a platform of this version writes" in output


def test_a_store_that_does_not_answer_is_no_traceback(state, monkeypatch):
    file = written(state)

    def away(_platform):
        raise TransientError("Firestore: 503 away")

    monkeypatch.setattr("cli.stores.quarantine", away)

    output = said(COMMANDS["quarantine list"])

    file.remove()
    assert "Firestore: 503 away" in output
    assert "again" in output


def test_a_project_without_credentials_for_it_is_no_traceback(monkeypatch, tmp_path):
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))

    output = said(("catalogue", "publish", "--project", "bank"))

    assert "No credentials for bank" in output
    assert "gcloud auth application-default login" in output


def test_the_endpoints_file_is_read_again_once_a_platform_runs(state):
    killed(written(state))
    file = written(state)

    assert platform.running().on == json.loads((state / "endpoints.json").read_text())["on"]

    file.remove()


@pytest.mark.parametrize(
    ("port", "what"),
    [
        ("nothing=8081", "Nothing here is called nothing. Choose among"),
        ("ingest=99999", "99999 is no port"),
        ("ingest=0", "0 is no port"),
        ("ingest=many", "is not name=number"),
        ("ingest=TAKEN", "is in use. Choose another"),
    ],
)
@pytest.mark.parametrize("where", ["embedded", pytest.param("emulators", marks=pytest.mark.emulators)])
def test_a_port_that_cannot_be_had_is_named_with_what_to_do(state, where, port, what):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = port.replace("TAKEN", str(taken.getsockname()[1]))

        output = said(("up", "--on", where, "--port", port))

    assert what in " ".join(output.split()).replace(" → ", " ")


def test_a_wanted_port_is_given_to_nobody_else():
    ports = Ports()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        wanted = free.getsockname()[1]

    taken = ports.take_all(["a", "b", "c"], {"c": wanted})
    ports.release()

    assert taken["c"] == wanted
    assert len(set(taken.values())) == 3


@pytest.mark.parametrize(
    "command", [("demo", "--rate", "0"), ("bridge", "kafka", "--topic", "bank.web=segment", "--batch", "501")]
)
def test_a_number_out_of_range_is_refused_before_anything_starts(command):
    assert "is not in the range" in said(command, code=2)
