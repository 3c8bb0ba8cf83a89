"""Children are started, awaited, watched and stopped; none survives, however its supervisor ends."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emulators.children import Child, Death, StartError
from emulators.ports import PortInUseError, Ports
from emulators.probes import always, http_ok, tcp
from emulators.processes import Supervisor

ROOT = Path(__file__).resolve().parents[2]

SLEEPER = "import time; print('started', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('started', flush=True); time.sleep(600)"
)
PARENT = """
import subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(grandchild.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def supervisor(tmp_path):
    with Supervisor(tmp_path / "logs") as supervisor:
        yield supervisor


def child(supervisor: Supervisor, name: str, program: str, **options) -> Child:
    """A Python program that is ready once it has printed something."""

    def ready() -> str | None:
        return None if supervisor.log(name).stat().st_size else "it has printed nothing"

    options.setdefault("ready", ready)
    return Child(name, [sys.executable, "-c", program], Path.cwd(), **options)


def run(supervisor: Supervisor, name: str, program: str, **options) -> int:
    pid = supervisor.start(child(supervisor, name, program, **options))
    supervisor.wait_ready([name], within_seconds=20)
    return pid


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def eventually(true: Callable[[], bool], within_seconds: float = 20) -> bool:
    deadline = time.monotonic() + within_seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)  # what is asked is of the operating system, which sends no word of it
    return True


def test_a_child_runs_in_a_group_of_its_own_with_its_environment_and_without_the_machines_bytecode_ban(
    supervisor, monkeypatch
):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("INHERITED", "yes")
    seen = "os.environ['OWN'], os.environ['INHERITED'], os.environ.get('PYTHONDONTWRITEBYTECODE')"
    program = f"import os; print({seen}); {SLEEPER}"

    pid = run(supervisor, "one", program, environment={"OWN": "mine"})
    eventually(lambda: "started" in supervisor.log("one").read_text())

    assert os.getpgid(pid) == pid != os.getpgid(0)
    assert supervisor.log("one").read_text().splitlines()[0] == "mine yes None"
    assert supervisor.pids() == {"one": pid}


def test_stopping_ends_every_child_and_grandchild(supervisor):
    one, two = run(supervisor, "one", SLEEPER), run(supervisor, "two", PARENT)
    grandchild = int(supervisor.log("two").read_text())

    supervisor.stop()

    assert not alive(one)
    assert not alive(two)
    assert eventually(lambda: not alive(grandchild))
    assert supervisor.pids() == {}
    assert supervisor.wait() is None
    supervisor.stop()


def test_a_child_that_ignores_sigterm_is_killed_after_the_grace(supervisor, monkeypatch):
    monkeypatch.setattr("emulators.processes.GRACE_SECONDS", 0.2)
    pid = run(supervisor, "one", STUBBORN)

    supervisor.stop()

    assert not alive(pid)


def test_a_death_stops_everything_and_says_who_how_and_its_last_words(tmp_path):
    deaths: list[Death] = []
    with Supervisor(tmp_path, on_death=deaths.append) as supervisor:
        other = run(supervisor, "other", SLEEPER)
        run(
            supervisor,
            "one",
            "import sys, time; print('hello', flush=True); time.sleep(0.2); sys.exit('the last words')",
        )

        reason = supervisor.wait()

        assert not alive(other)
        assert reason is not None
        assert (reason.name, reason.code) == ("one", 1)
        assert str(reason) == (
            f"one ended with exit code 1. Its last lines, of {tmp_path / 'one.log'}:\nhello\nthe last words"
        )
        assert deaths == [reason]
        with pytest.raises(StartError, match="late was not started: one ended with exit code 1"):
            supervisor.start(child(supervisor, "late", SLEEPER))


def test_a_death_by_signal_names_the_signal_and_takes_the_childs_children_along(supervisor):
    pid = run(supervisor, "one", PARENT)
    grandchild = int(supervisor.log("one").read_text())

    os.kill(pid, signal.SIGKILL)

    reason = supervisor.wait()
    assert "one was killed by SIGKILL" in str(reason)
    assert eventually(lambda: not alive(grandchild))


def test_a_reported_death_leaves_the_others_alone_and_the_child_can_be_started_again(tmp_path):
    reported = threading.Event()
    with Supervisor(tmp_path, on_death=lambda _death: reported.set()) as supervisor:
        other = run(supervisor, "other", SLEEPER)
        first = run(supervisor, "one", SLEEPER, on_death="report")
        os.kill(first, signal.SIGKILL)
        assert reported.wait(20)

        second = supervisor.restart("one")

        assert second != first
        assert supervisor.pids() == {"other": other, "one": second}


def test_a_child_whose_policy_is_restart_is_started_again(tmp_path):
    restarted = threading.Event()
    with Supervisor(tmp_path, on_restarted=lambda _name: restarted.set()) as supervisor:
        first = run(supervisor, "one", SLEEPER, on_death="restart")
        os.kill(first, signal.SIGKILL)
        assert restarted.wait(20)

        assert supervisor.pids()["one"] != first
        assert eventually(lambda: supervisor.log("one").read_text() == "started\nstarted\n")


def test_a_child_that_dies_again_and_again_stops_everything(tmp_path):
    flag = tmp_path / "ran"
    program = f"import pathlib, sys; p = pathlib.Path({str(flag)!r}); p.exists() and sys.exit(3); p.touch(); {SLEEPER}"
    with Supervisor(tmp_path / "logs") as supervisor:
        os.kill(run(supervisor, "one", program, on_death="restart"), signal.SIGKILL)

        assert supervisor.wait().code == 3


def test_killing_on_purpose_is_no_death(tmp_path):
    deaths: list[Death] = []
    with Supervisor(tmp_path, on_death=deaths.append) as supervisor:
        pid = run(supervisor, "one", SLEEPER)
        supervisor.kill("one")
        assert not alive(pid)

        run(supervisor, "other", SLEEPER)
        supervisor.restart("one")
        again = supervisor.restart("one")

        assert supervisor.pids()["one"] == again
    assert deaths == []


def test_a_child_that_dies_before_it_is_ready_fails_the_start_with_its_log(supervisor):
    run(supervisor, "other", SLEEPER)
    one = child(
        supervisor, "one", "print('no such thing'); raise SystemExit(2)", ready=lambda: "never", on_death="restart"
    )
    supervisor.start(one)

    with pytest.raises(StartError, match=r"one ended with exit code 2[\s\S]*no such thing"):
        supervisor.wait_ready(["other", "one"], within_seconds=20)


def test_a_child_that_is_not_ready_in_time_fails_the_start_with_what_was_seen(supervisor):
    supervisor.start(child(supervisor, "one", SLEEPER, ready=lambda: "the door is shut"))

    with pytest.raises(StartError, match="one was not ready in time: the door is shut"):
        supervisor.wait_ready(["one"], within_seconds=0.1)


def test_stopping_while_a_child_starts_ends_the_wait_and_blames_no_child(supervisor):
    supervisor.start(child(supervisor, "one", SLEEPER, ready=lambda: "never"))
    threading.Thread(target=supervisor.stop).start()

    with pytest.raises(StartError, match="Stopped before all was ready"):
        supervisor.wait_ready(["one"], within_seconds=20)


def test_a_program_that_does_not_exist_fails_the_start(supervisor):
    with pytest.raises(StartError, match="one cannot be run"):
        supervisor.start(Child("one", ["/no/such/program"], Path.cwd(), always))


def test_a_name_is_taken_while_its_child_runs(supervisor):
    pid = run(supervisor, "one", SLEEPER)

    with pytest.raises(StartError, match=f"one runs already, as process {pid}"):
        supervisor.start(child(supervisor, "one", SLEEPER))


SUPERVISING = """
    import signal, sys, threading
    from pathlib import Path
    from emulators.probes import always
    from emulators.children import Child
    from emulators.processes import Supervisor

    supervisor = Supervisor(Path({logs!r}))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=supervisor.stop).start())
    pid = supervisor.start(Child("one", [sys.executable, "-c", {parent!r}], Path.cwd(), always))
    log = supervisor.log("one")
    while not log.read_text().endswith("\\n"):
        pass
    print(pid, log.read_text().strip(), flush=True)
    print("stopped because of", supervisor.wait(), flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_survives_the_end_of_the_supervisor(tmp_path, number):
    program = textwrap.dedent(SUPERVISING).format(parent=PARENT, logs=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in process.stdout.readline().split()]
    assert len(pids) == 2
    assert all(alive(pid) for pid in pids)

    process.send_signal(number)
    said, _ = process.communicate(timeout=20)

    assert said == ("" if number == signal.SIGKILL else "stopped because of None\n")
    assert process.returncode == (-number if number == signal.SIGKILL else 0)
    assert eventually(lambda: not any(alive(pid) for pid in pids))


def test_reserved_ports_differ_and_a_server_may_listen_on_them_again_and_again(supervisor):
    ports = Ports()
    taken = [ports.take() for _ in range(20)]
    assert len(set(taken)) == 20
    with pytest.raises(PortInUseError, match=f"Port {taken[0]} is in use"):
        Ports().take(taken[0])

    server = Child(
        "server",
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(taken[0])],
        Path.cwd(),
        http_ok(taken[0], "/"),
    )
    supervisor.start(server)
    supervisor.wait_ready(["server"], within_seconds=20)
    supervisor.kill("server")
    assert tcp(taken[0])() is not None
    supervisor.restart("server")
    assert tcp(taken[0])() is None

    ports.release()
    supervisor.kill("server")
    freed = Ports()
    assert freed.take(taken[1]) == taken[1]
    freed.release()
