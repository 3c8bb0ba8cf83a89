"""`kairos send`, `kairos decide` and `kairos explain`: talk to a running platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import httpx
import msgspec

from cli.platform import running
from cli.say import fail, json_option, say_json
from shared.domain.identifiers import PERSON_ID


@click.command()
@click.argument("source")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def send(source: str, files: tuple[Path, ...], as_json: bool) -> None:
    """Send the signals in FILES as SOURCE: `signals` for canonical ones, or a source such as `segment`."""
    path = "/v1/signals" if source == "signals" else f"/v1/sources/{source}"
    refused = 0
    answers: list[dict[str, Any]] = []
    with running().client("ingest") as client:
        for file in files:
            answer = client.post(path, content=file.read_bytes(), headers={"content-type": "application/json"})
            body = answer.json()
            answers.append({"file": str(file), "status": answer.status_code, **body})
            refused += len(body.get("rejected", [])) if "accepted" in body else 1
            if not as_json:
                _say_sent(file, answer.status_code, body)
    if as_json:
        say_json(answers)
    raise SystemExit(1 if refused else 0)


def _say_sent(file: Path, status: int, body: dict[str, Any]) -> None:
    if "accepted" not in body:
        click.echo(f"✗ {file}: {status} {body.get('title')}: {body.get('detail')}")
        return
    for item in body["accepted"]:
        click.echo(f"✓ {file}[{item['index']}] → decision {item['decision_id']}")
    for item in body["rejected"]:
        problem = item["problem"]
        click.echo(f"✗ {file}[{item['index']}] {problem.get('field', '')}: {problem['detail']}")


@click.command()
@click.option("--identifier", "identifiers", multiple=True, required=True, metavar="NAMESPACE=VALUE")
@click.option("--channel", required=True)
@click.option("--placement", "placements", multiple=True, metavar="ID[:COUNT]")
@click.option("--brand")
@click.option("--context", default="{}", help="JSON of what the channel knows of the moment.")
@click.option("--explain", "explained", is_flag=True, help="Say why, too.")
@json_option
def decide(
    identifiers: tuple[str, ...],
    channel: str,
    placements: tuple[str, ...],
    brand: str | None,
    context: str,
    explained: bool,
    as_json: bool,
) -> None:
    """Ask what to show a customer on an inbound channel now."""
    request: dict[str, Any] = {
        "identifiers": dict(_pair(text) for text in identifiers),
        "channel": channel,
        "placements": [_placement(text) for text in placements],
        "context": _json(context),
    }
    if brand:
        request["brand"] = brand
    with running().client("decide") as client:
        answer = checked(client.post("/v1/decisions", params={"explain": str(explained).lower()}, json=request))
    if as_json:
        say_json(answer)
        return
    click.echo(
        f"decision {answer['decision_id']} in {answer['elapsed_ms']} ms{' (fallback)' if answer['fallback'] else ''}"
    )
    for placement in answer["placements"]:
        click.echo(f"{placement['id'] or channel}:{'' if placement['treatments'] else ' nothing'}")
        for treatment in placement["treatments"]:
            click.echo(f"  {treatment['rank']}. {treatment['treatment']}  ({treatment['delivery_id']})")
            for field, text in treatment["content"].items():
                click.echo(f"       {field}: {text}")
    if explained and "explanation" in answer:
        from cli.explaining import say_explanation

        say_explanation(answer["explanation"])


@click.command()
@click.argument("decision_id")
@click.option("--day", metavar="YYYY-MM-DD", help="When it was made, UTC; for one that is older than 31 days.")
@click.option(
    "--for",
    "audience",
    type=click.Choice(["customer", "colleague", "regulator"]),
    default="colleague",
    show_default=True,
    help="Who is told: in plain words, how it came about, or everything.",
)
@click.option("--why-not", "action", metavar="ACTION", help="Say what would have let this action win.")
@json_option
def explain(decision_id: str, day: str | None, audience: str, action: str | None, as_json: bool) -> None:
    """Say why a decision chose what it chose, why not the others, and what the conditions read."""
    with running().client("decide") as client:
        asked = {"for": audience, "day": day, "why_not": action}
        params = {name: value for name, value in asked.items() if value is not None}
        explanation = checked(client.get(f"/v1/decisions/{decision_id}/explanation", params=params))
    if as_json:
        say_json(explanation)
        return
    from cli.explaining import say_explanation

    say_explanation(explanation)


def checked(answer: httpx.Response) -> dict[str, Any]:
    """The JSON of a good answer, or an end with what was wrong."""
    body: dict[str, Any] = answer.json()
    if answer.status_code >= 400:
        field = f" ({body['field']})" if body.get("field") else ""
        fail(f"{answer.status_code} {body.get('title')}: {body.get('detail')}{field}")
    return body


def whom(text: str) -> dict[str, str]:
    """An identifier as it is typed: `NS=VALUE`, or an id of a person."""
    namespace, equals, value = text.partition("=")
    return {namespace: value} if equals else {PERSON_ID: text}


def _pair(text: str) -> tuple[str, str]:
    namespace, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(
            f"{text} is not NAMESPACE=VALUE, such as customer_no=C000001", param_hint="--identifier"
        )
    return namespace, value


def _placement(text: str) -> dict[str, Any]:
    name, _, count = text.partition(":")
    if count and not count.isdecimal():
        raise click.BadParameter(f"{text} is not ID or ID:COUNT, such as web.home.hero:2", param_hint="--placement")
    return {"id": name, "count": int(count or 1)}


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"not JSON: {error}", param_hint="--context") from error
