"""A simulation as an Apache Beam pipeline: on this machine, or on Dataflow with whatever options Beam has."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence

from cli.say import fail
from cli.simulate.reading import is_table
from shared.domain.batch.simulating import Asked, Came

_RUNNERS = {"direct": "DirectRunner", "dataflow": "DataflowRunner"}
_NEEDED = ("project", "region", "temp_location", "sdk_container_image")
"""Without these Dataflow does not start, or its workers lack what decides."""


def run_pipeline(asked: Asked, file: str, lines: Iterable[bytes], runner: str, given: Sequence[str]) -> Came:
    """What all lines come to together.

    Args:
        asked: what they are asked.
        file: of persons or of history, as it was named.
        lines: of it, of which a table is read here.
        runner: `direct` or `dataflow`.
        given: options of Beam, each NAME=VALUE, or NAME alone.

    Raises:
        InvalidError: a line is not what it should be.
    """
    try:
        from workers.simulation.pipeline import simulate
    except ModuleNotFoundError as error:
        if error.name != "apache_beam":
            raise
        fail("Apache Beam is not installed.", ".venv/bin/uv pip install -r requirements-batch.txt")
    options = [f"--runner={_RUNNERS[runner]}", *(f"--{each}" for each in given)]
    source = lines if is_table(file) else file
    if runner == "direct":
        with tempfile.TemporaryDirectory() as folder:
            return simulate(asked, source, folder, options)
    known = dict(each.partition("=")[::2] for each in given)
    missing = [name for name in _NEEDED if not known.get(name)]
    if missing:
        fail(f"Dataflow needs {', '.join(missing)}.", f"Each is an option: --beam {missing[0]}=VALUE.")
    if isinstance(source, str) and "://" not in source:
        fail(f"No worker of Dataflow can read {file}.", "Copy it to a bucket and name it there: gs://BUCKET/FILE.")
    _prove()
    return simulate(asked, source, f"{known['temp_location'].rstrip('/')}/simulation-{os.urandom(8).hex()}", options)


def _prove() -> None:
    """Fail without credentials, which Beam would look for again and again, and then do without."""
    import google.auth
    from google.auth.exceptions import DefaultCredentialsError

    try:
        google.auth.default()
    except DefaultCredentialsError:
        fail("Dataflow needs Google's credentials.", "gcloud auth application-default login")
