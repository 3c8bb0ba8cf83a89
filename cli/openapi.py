"""`kairos openapi`: the OpenAPI documents of the functions, as they serve them."""

from __future__ import annotations

from pathlib import Path

import click

from cli.platform import ROOT


@click.command()
@click.argument("folder", default=ROOT / "docs" / "openapi", type=click.Path(file_okay=False, path_type=Path))
def openapi(folder: Path) -> None:
    """Write the OpenAPI 3.1 document of each function to FOLDER."""
    written = documents()
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in written.items():
        (folder / name).write_bytes(text)
    click.secho(f"✓ {len(written)} documents in {folder}", fg="green")


def documents() -> dict[str, bytes]:
    """The text of each document by the name of its file, such as `ingest.json`."""
    import msgspec

    from functions.decide import openapi as decide
    from functions.feedback import openapi as feedback
    from functions.ingest import openapi as ingest
    from functions.operations import openapi as operations
    from functions.persons import openapi as persons
    from functions.privacy import openapi as privacy
    from functions.records import openapi as records
    from functions.releases import openapi as releases
    from functions.simulation import openapi as simulation
    from functions.waves import openapi as waves

    made = {
        "ingest": ingest,
        "decide": decide,
        "feedback": feedback,
        "operations": operations,
        "simulation": simulation,
        "persons": persons,
        "privacy": privacy,
        "records": records,
        "releases": releases,
        "waves": waves,
    }
    return {
        f"{name}.json": msgspec.json.format(msgspec.json.encode(each.document()), indent=1) + b"\n"
        for name, each in made.items()
    }
