"""`kairos wave`: outbound waves started, watched, paused, resumed, cancelled and reconciled."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import Any

import click
import msgspec

from cli.platform import Running, running
from cli.say import fail, json_option, say_json
from cli.talk import checked

REGION = "europe-west2"
SECONDS = 300.0
_NAME = click.argument("name", metavar="WAVE")
_wait = click.option("--wait", is_flag=True, help="Stay until the wave has ended, and print its report.")
_pace = click.option("--per-minute", type=int, metavar="N", help="Persons decided a minute, at the most.")


@click.group()
def wave() -> None:
    """Start outbound waves, and pause, resume, cancel and reconcile them."""


@wave.command()
@click.argument("audience")
@click.option("--wave", "name", help="What the wave is called; the audience and this hour, UTC, without it.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="What the audience's SQL reads.")
@click.option("--until", metavar="TIME", help="The end of the time that is looked at; now without it.")
@_pace
@_wait
@json_option
def start(
    audience: str,
    name: str | None,
    parameters: tuple[str, ...],
    until: str | None,
    per_minute: int | None,
    wait: bool,
    as_json: bool,
) -> None:
    """Start a wave for an audience, as the scheduler would."""
    argument: dict[str, Any] = {"audience": audience, "parameters": dict(_parameter(each) for each in parameters)}
    given = {"wave": name, "until": until, "per_minute": per_minute}
    argument |= {key: value for key, value in given.items() if value is not None}
    platform = _with_workflows()
    _followed(platform, _started(platform, argument), wait=wait, as_json=as_json)


@wave.command(name="list")
@json_option
def list_(as_json: bool) -> None:
    """List the waves begun last."""
    with running().client("waves") as client:
        found = checked(client.get("/v1/waves"))["waves"]
    if as_json:
        say_json(found)
        return
    for each in found:
        click.echo(f"{each['id']:<44} {_state(each):<22} {_done(each)}")
    if not found:
        click.echo("There is no wave yet: kairos wave start AUDIENCE")


@wave.command()
@_NAME
@json_option
def show(name: str, as_json: bool) -> None:
    """Show a wave as it stands."""
    with running().client("waves") as client:
        _say(checked(client.get(f"/v1/waves/{name}")), as_json=as_json)


@wave.command()
@_NAME
@json_option
def report(name: str, as_json: bool) -> None:
    """Say what became of a wave's signals by now."""
    with running().client("waves") as client:
        _say(checked(client.get(f"/v1/waves/{name}/report", timeout=SECONDS)), as_json=as_json)


@wave.command()
@_NAME
def pause(name: str) -> None:
    """Let a wave wait before its next page."""
    with running().client("waves") as client:
        found = checked(client.post(f"/v1/waves/{name}/pause", json={}))
    click.echo(f"✓ {name} waits, {_done(found)}: kairos wave resume {name}")


@wave.command()
@_NAME
@_pace
@_wait
@json_option
def resume(name: str, per_minute: int | None, wait: bool, as_json: bool) -> None:
    """Go on with a wave from its last page, also with one whose execution died."""
    platform = _with_workflows()
    with platform.client("waves") as client:
        found = checked(client.post(f"/v1/waves/{name}/resume", json={"per_minute": per_minute}))
    execution = _started(platform, {"audience": found["audience"], "wave": name})
    _followed(platform, execution, wait=wait, as_json=as_json)


@wave.command()
@_NAME
def cancel(name: str) -> None:
    """End a wave for good; what was sent goes its way."""
    with running().client("waves") as client:
        found = checked(client.post(f"/v1/waves/{name}/cancel", json={}))
    click.echo(f"✓ {name} is cancelled, {_done(found)}")


def _with_workflows() -> Running:
    platform = running()
    if "workflows" not in platform.endpoints:
        fail("The embedded platform runs no workflows.", "Use the emulators: kairos up --on emulators")
    return platform


def _started(platform: Running, argument: dict[str, Any]) -> str:
    """The name of an execution of the workflow, just begun."""
    path = f"/v1/projects/{platform.project}/locations/{REGION}/workflows/outbound/executions"
    return str(_workflows(platform, "POST", path, {"argument": json.dumps(argument)})["name"])


def _followed(platform: Running, execution: str, *, wait: bool, as_json: bool) -> None:
    """Say what comes of an execution; without `wait`, only that it runs."""
    if not wait:
        click.echo(f"✓ execution {execution.rpartition('/')[2]} runs: kairos wave list")
        return
    found = _workflows(platform, "GET", f"/v1/{execution}")
    while found["state"] == "ACTIVE":
        time.sleep(0.5)  # an execution tells nobody that it has ended
        found = _workflows(platform, "GET", f"/v1/{execution}")
    if found["state"] != "SUCCEEDED":
        payload = str(found.get("error", {}).get("payload", ""))
        fail(f"The execution ended as {found['state']}: {_told(payload)}", "kairos wave list says how far it came.")
    result = json.loads(found["result"])
    if "id" in result:
        _say(result, as_json=as_json)
    elif as_json:
        say_json(result)
    else:
        done = ": nothing was done" if result.get("nothing_done") else ""
        click.echo(f"· {result['wave']} is {result['state']}{done}")


def _told(payload: str) -> str:
    """What a function said, of the error that a workflow ended with."""
    try:
        body = json.loads(payload).get("body")
        problem = json.loads(body) if isinstance(body, str) else body
        return ": ".join(filter(None, [problem.get("field"), problem["detail"]]))
    except (ValueError, AttributeError, KeyError, TypeError):
        return payload


def _workflows(platform: Running, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    with platform.client("workflows") as client:
        return checked(client.request(method, path, json=body))


def _parameter(text: str) -> tuple[str, Any]:
    """A parameter; what is no number, true or false is text."""
    name, sign, value = text.partition("=")
    if not sign:
        raise click.UsageError(f"--parameter {text} is not NAME=VALUE")
    try:
        found = msgspec.json.decode(value)
    except msgspec.DecodeError:
        return name, value
    return name, found if isinstance(found, bool | int | float) else value


def _state(found: dict[str, Any]) -> str:
    state = str(found.get("state", "running"))
    return f"{state}, {found.get('phase', 'finding')}" if state in ("running", "paused") else state


def _done(found: dict[str, Any]) -> str:
    return f"{found.get('sent', 0)} of {found.get('pages', 0)} pages sent"


def _say(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    click.secho(f"wave {found['id']}: {_state(found)}", bold=True)
    looked = f", {_minute(found['since'])} to {_minute(found['until'])}" if "since" in found else ""
    click.echo(f"  audience {found['audience']}{looked}, started by {found['by']} {_minute(found['begun_at'])} UTC")
    if "estimated_bytes" in found:
        click.echo(f"  finding it read {found['estimated_bytes'] / 1e9:,.3f} GB")
    refused = f", {found['rejected']:,} refused" if found.get("rejected") else ""
    left = f", {found['left_out']:,} left out" if found.get("left_out") else ""
    click.echo(
        f"  {found.get('persons', 0):,} persons, {_done(found)}: {found.get('accepted', 0):,} accepted{refused}{left}"
    )
    for step in found.get("steered", ()):
        pace = f" at {step['per_minute']:,} persons a minute" if "per_minute" in step else ""
        click.echo(f"  {step['what']} by {step['by']} {_minute(step['at'])} UTC{pace}")
    if "plan" in found:
        _say_plan(found["plan"])
    if "reconciled" in found:
        _say_reconciled(found["reconciled"])


def _say_plan(plan: dict[str, Any]) -> None:
    for channel, (most, least) in plan["limited"].items():
        price = plan.get("prices", {}).get(channel, 0.0)
        room = "as many as want" if most is None else f"at most {most:,}"
        missing = plan.get("missing", {}).get(channel, 0)
        last = f"nobody for {missing:,}" if missing else f"one more is worth {price:,.4g}"
        planned = plan.get("planned", {}).get(channel, 0)
        click.echo(f"  {channel}: {planned:,} planned of {room}, at least {least:,}; {last}")
    worth, bound = plan.get("worth", 0.0), plan.get("bound", 0.0)
    gap = (bound - worth) / bound if bound else 0.0
    click.echo(f"  the plan is worth {worth:,.2f}, within {gap:.2%} of the most that there can be")


def _say_reconciled(found: dict[str, Any]) -> None:
    ended = sum(found.get("ended", {}).values())
    click.echo(
        f"  {found.get('accepted', 0):,} accepted = {found.get('decided', 0):,} decided + {ended:,} ended + "
        f"{found.get('quarantined', 0):,} quarantined + {found.get('in_flight', 0):,} in flight"
    )
    for title in ("outcomes", "channels", "actions", "ended"):
        if found.get(title):
            told = ", ".join(f"{count:,} {name}" for name, count in list(found[title].items())[:8])
            click.echo(f"  {title}: {told}")


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}"
