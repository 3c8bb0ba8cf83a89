"""BigQuery on a laptop: starts `bqemulator`, a real SQL engine (DuckDB) behind BigQuery's own REST interface.

`python -m emulators.bigquery --port 9050` serves until it is told to stop. It wants DuckDB's `spatial` extension and would download
it at each first start; the wheel `duckdb-extension-spatial` carries the same file, so a private home folder points there and nothing
is downloaded. Why this engine, and what it cannot do: docs/adr/0008-bigquery-on-a-laptop.md.
"""

import argparse
import os
import sys
from importlib.util import find_spec
from pathlib import Path

REQUIREMENTS = ("bqemulator", "duckdb", "duckdb_extension_spatial", "numpy")


def missing() -> list[str]:
    """Name the packages that are not installed and without which BigQuery cannot start here; empty when all are there."""
    return [name for name in REQUIREMENTS if find_spec(name) is None]


def command(port: int, home: Path) -> list[str]:
    """Give the command that serves BigQuery on 127.0.0.1 at `port`, keeping what it must write to files under `home`."""
    return [sys.executable, "-m", "emulators.bigquery", "--port", str(port), "--home", str(home)]


def _offer_spatial(home: Path) -> None:
    """Put the wheel's spatial extension where DuckDB looks for installed ones: `~/.duckdb/extensions/VERSION/PLATFORM`."""
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

    from bqemulator.cli import main as serve  # noqa: PLC0415 - reads the environment set above

    sys.argv = ["bqemulator", "start", "--rest-port", str(options.port), "--grpc-port", "0", "--log-level", "warning"]
    serve()


if __name__ == "__main__":
    main()
