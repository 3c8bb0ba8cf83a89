"""BigQuery on a laptop: starts `bqemulator`, a real SQL engine (DuckDB) behind BigQuery's own REST interface.

`python -m emulators.bigquery --port 9050` serves until it is told to stop. It wants DuckDB's `spatial` extension and
would download it at each first start; the wheel `duckdb-extension-spatial` carries the same file, so a private home
folder points there and nothing is downloaded. Why this engine, and what it cannot do:
docs/adr/0008-bigquery-on-a-laptop.md.

One answer of bqemulator is corrected on its way out: to a failing `query_and_wait` it says 200 with no rows, which
reads as an empty result, where BigQuery says 400. And it copies the whole table at each insert, for time travel that
nobody asks a laptop for: after some thousand rows that is a gigabyte, so it copies nothing.
"""

import argparse
import json
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from typing import Any

REQUIREMENTS = ("bqemulator", "duckdb", "duckdb_extension_spatial", "numpy")


def missing() -> list[str]:
    """Name the packages that BigQuery needs here and that are not installed."""
    return [name for name in REQUIREMENTS if find_spec(name) is None]


def command(port: int, home: Path) -> list[str]:
    """Give the command that serves BigQuery on 127.0.0.1 at `port`, with `home` for the files it needs."""
    return [sys.executable, "-m", "emulators.bigquery", "--port", str(port), "--home", str(home)]


def _offer_spatial(home: Path) -> None:
    """Put the wheel's spatial extension where DuckDB looks: `~/.duckdb/extensions/VERSION/PLATFORM`."""
    import duckdb  # noqa: PLC0415 - only the server process pays for this import
    import duckdb_extension_spatial  # noqa: PLC0415

    answer = duckdb.execute("SELECT library_version, platform FROM pragma_version(), pragma_platform()").fetchone()
    assert answer is not None
    version, platform = answer
    carried = Path(duckdb_extension_spatial.__file__).parent / "extensions" / version / "spatial.duckdb_extension"
    if not carried.exists():
        raise SystemExit(
            f"bigquery: the package duckdb-extension-spatial does not fit DuckDB {version}: {carried} is not there. "
            "Install the pair that requirements-dev.txt pins: make setup"
        )
    wanted = home / ".duckdb" / "extensions" / version / platform / "spatial.duckdb_extension"
    wanted.parent.mkdir(parents=True, exist_ok=True)
    if wanted.is_symlink() or wanted.exists():
        wanted.unlink()
    wanted.symlink_to(carried)


Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


def errors_told(app: App) -> App:
    """Wrap bqemulator's ASGI application so that a failed `jobs.query` is answered with 400 and the error."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        if scope.get("method") != "POST" or not scope["path"].endswith("/queries"):
            await app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def collect(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            status, content = _told(start["status"], body)
            kept = [(name, value) for name, value in start["headers"] if name.lower() != b"content-length"]
            headers = [*kept, (b"content-length", str(len(content)).encode())]
            await send({**start, "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": content})

        await app(scope, receive, collect)

    return answer


def _told(status: int, body: bytes) -> tuple[int, bytes]:
    """Give the status and body that BigQuery would give."""
    content: Mapping[str, Any] = json.loads(body) if status == HTTPStatus.OK else {}
    errors = content.get("errors")
    if not errors:
        return status, body
    problem = {"code": 400, "message": errors[0].get("message", ""), "errors": errors, "status": "INVALID_ARGUMENT"}
    return HTTPStatus.BAD_REQUEST, json.dumps({"error": problem}).encode()


def main() -> None:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=9050)
    parser.add_argument("--home", type=Path, default=Path(".kairos/bigquery"))
    options = parser.parse_args()
    home = options.home.resolve()
    _offer_spatial(home)
    os.environ["HOME"] = str(home)  # DuckDB reads it when it looks for extensions
    os.environ["BQEMU_ENABLE_FORMAT_EXTENSIONS"] = "false"  # Avro loads: unused here, and a download

    from bqemulator import server  # noqa: PLC0415 - reads the environment set above
    from bqemulator.api import app  # noqa: PLC0415
    from bqemulator.cli import main as serve  # noqa: PLC0415
    from bqemulator.versioning.snapshots import SnapshotManager  # noqa: PLC0415

    create_app = app.create_app
    setattr(server, "create_app", lambda context: errors_told(create_app(context)))  # noqa: B010 - no other way in
    setattr(SnapshotManager, "capture", lambda *_table, **_kind: None)  # noqa: B010 - no setting turns it off
    sys.argv = ["bqemulator", "start", "--rest-port", str(options.port), "--grpc-port", "0", "--log-level", "warning"]
    serve()


if __name__ == "__main__":
    main()
