"""`spine.cold_start`: how long each entrypoint takes to import, in interpreters that are new each time, and which of
Google's clients that brings.

An entrypoint is loaded as functions-framework loads it, with the environment that the local platform gives it, and
against `import functions_framework` alone. The interpreter's own start is the same for both and is left out.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from cli.bench.counts import Counts
from cli.bench.results import Result, result
from cli.platform import ROOT, STATE
from cli.say import fail
from emulators.access import Credentials, push_environment, write_google_credentials
from emulators.local import Bank
from emulators.options import Local
from emulators.platform import EMULATORS

LIMIT = 4.0
FRAMEWORK = "functions_framework alone"
ADAPTERS = "shared.adapters"
_CORE = frozenset({"client", "exceptions", "version", "environment_vars", "operation", "location", "functions"})
"""What lives beside the clients: google-cloud-core, types that several share, and what functions-framework brings."""

_PROGRAM = """
import json, sys, time
began = time.perf_counter()
import functions_framework
if len(sys.argv) > 1:
    module, spec = functions_framework._function_registry.load_function_module(sys.argv[1])
    spec.loader.exec_module(module)
print(json.dumps({"ms": (time.perf_counter() - began) * 1000, "modules": list(sys.modules)}))
"""


class _Start(msgspec.Struct, frozen=True):
    ms: float
    modules: list[str]


def measure(counts: Counts, tell: Callable[[str], None]) -> list[Result]:
    """Measure every entrypoint of the topology."""
    topology = yaml.safe_load((ROOT / "shared" / "topology.yaml").read_text(encoding="utf-8"))
    bank, local = Bank(ROOT), _local()
    values = bank.secrets(local)
    sources = {name: service["source"] for name, service in topology["services"].items()}
    environments = {
        name: {**_environment(name, service, local, values), **push_environment(name, topology, local.credentials)}
        for name, service in topology["services"].items()
    }
    floor: list[float] = []
    starts: dict[str, list[_Start]] = {name: [] for name in sources}
    for number in range(counts.cold_starts + 1):  # the first round writes the bytecode
        framework = _start([], local.environment())
        started = {name: _start([source], environments[name]) for name, source in sources.items()}
        tell(f"cold_start: round {number} of {counts.cold_starts}{'' if number else ', to warm up'}")
        if number:
            floor.append(framework.ms)
            for name, start in started.items():
                starts[name].append(start)
    results = []
    for name, measured in starts.items():
        imports = clients(measured[-1].modules)
        used = clients_of((ROOT / sources[name]).read_text(encoding="utf-8"))
        results.append(
            result(
                f"spine.cold_start.{name}",
                "ms",
                [start.ms for start in measured],
                peers={FRAMEWORK: floor},
                limit=LIMIT,
                imports=tuple(sorted(imports)),
                unused=tuple(sorted(imports - used)),
            )
        )
    return results


def clients(modules: Iterable[str]) -> set[str]:
    """Google's clients among imported modules, without their version: `google.cloud.firestore_v1.types` is of
    `firestore`.
    """
    parts = [name.split(".") for name in modules if name.startswith("google.cloud.")]
    names = {part[2].partition("_v")[0] for part in parts}
    return {name for name in names if name not in _CORE and not name.startswith("_")}


def clients_of(entrypoint: str) -> set[str]:
    """The clients that an entrypoint has a use for: those of the adapters that it names."""
    named = [node.module for node in ast.walk(ast.parse(entrypoint)) if isinstance(node, ast.ImportFrom)]
    return {
        name.removeprefix(f"{ADAPTERS}.").partition(".")[0]
        for name in named
        if name is not None and name.startswith(f"{ADAPTERS}.")
    }


def _start(arguments: list[str], environment: Mapping[str, str]) -> _Start:
    """Import in a new interpreter."""
    everything = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    everything.pop("PYTHONDONTWRITEBYTECODE", None)  # an image has its bytecode
    done = subprocess.run(  # noqa: S603 - a program of ours
        [sys.executable, "-c", _PROGRAM, *arguments],
        check=False,
        cwd=ROOT,
        env=everything,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        fail(f"{' '.join(arguments)} cannot be imported: {done.stderr.strip()}")
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=_Start)


def _local() -> Local:
    """A platform whose addresses lead nowhere: an import connects to nothing."""
    nowhere = "127.0.0.1:9"
    state = STATE / "bench"
    return Local(
        project="kairos-local",
        endpoints={"sandbox": f"http://{nowhere}"},
        emulators=dict.fromkeys(EMULATORS, nowhere) | {"bigquery": f"http://{nowhere}"},
        credentials=Credentials(),
        google_credentials=write_google_credentials(Path(state) / "google-credentials.json"),
    )


def _environment(name: str, service: Mapping[str, Any], local: Local, values: Mapping[str, str]) -> dict[str, str]:
    return {
        **local.environment(),
        "K_SERVICE": name,
        "K_REVISION": f"{name}-00001-loc",
        **{key: str(value) for key, value in service.get("environment", {}).items()},
        **{secret: values[secret] for secret in service.get("secrets", []) if secret in values},
    }
