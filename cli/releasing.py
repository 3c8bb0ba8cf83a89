"""`kairos catalogue approve`, `canary`, `promote`, `rollback`, `history` and the other steps of a release."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from cli.governed import F, desk, operator_options
from cli.say import json_option, say_json

_release = click.argument("release", default="")
_why = click.option("--why", required=True, help="The reason, as the audit log keeps it.")
_why_else = click.option("--why", default="", help="The reason, as the audit log keeps it.")


def _result(command: F) -> F:
    """The options of a command that says what something came to."""
    for option in (
        _why_else,
        click.option("--figures", default="{}", metavar="JSON", help="What it measured."),
        click.option("--passed/--failed", default=True, show_default=True, help="What it came to."),
    ):
        command = option(command)
    return command


_OPEN = ("draft", "checked", "simulated", "approved", "canary")


class _Instant(click.ParamType[str]):
    """A time as it is typed."""

    name = "time"

    def convert(self, value: Any, _param: click.Parameter | None, _ctx: click.Context | None) -> str:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value} is no time such as 2026-12-01T06:00Z")
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


@click.command()
@_release
@_why
@operator_options
@json_option
def approve(release: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Approve RELEASE, by default the latest that is simulated. You are not its author."""
    _step(release, "approve", {"why": why}, ("simulated",), person, environment, as_json)


@click.command()
@_release
@_result
@operator_options
@json_option
def checked(release: str, passed: bool, figures: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Note what checking RELEASE against what is live came to, where no workflow does."""
    _step(release, "check", _noted(passed, figures, why), ("draft", "checked"), person, environment, as_json)


@click.command()
@_release
@_result
@operator_options
@json_option
def simulated(release: str, passed: bool, figures: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Note what the simulation of RELEASE came to, where no workflow does."""
    told = _noted(passed, figures, why)
    _step(release, "simulation", told, ("checked", "simulated", "approved"), person, environment, as_json)


def _noted(passed: bool, figures: str, why: str) -> dict[str, Any]:
    """A result as it is told."""
    try:
        return {"passed": passed, "why": why, "figures": msgspec.json.decode(figures, type=dict[str, Any])}
    except msgspec.MsgspecError as error:
        raise click.BadParameter(f"is no JSON object: {error}", param_hint="--figures") from error


@click.command()
@_release
@click.option("--share", type=click.Choice(["1", "5", "25"]), default="1", show_default=True, help="Per cent.")
@_why_else
@operator_options
@json_option
def canary(release: str, share: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Let RELEASE decide for some per cent of persons, by default the latest that is approved or a canary."""
    _step(release, "canary", {"share": int(share), "why": why}, ("approved", "canary"), person, environment, as_json)


@click.command()
@_release
@click.option("--from", "effective_at", type=_Instant(), help="From when on; at once where it is left out.")
@_why_else
@operator_options
@json_option
def promote(release: str, effective_at: str | None, why: str, person: str, environment: str, as_json: bool) -> None:
    """Let RELEASE decide for everybody, by default the canary."""
    told = {"effective_at": effective_at, "why": why}
    _step(release, "promote", told, ("canary", "approved"), person, environment, as_json)


@click.command()
@_release
@click.option("--to", metavar="REVISION", help="Which was live before; the last one where it is left out.")
@_why
@operator_options
@json_option
def rollback(release: str, to: str | None, why: str, person: str, environment: str, as_json: bool) -> None:
    """End RELEASE and decide by what was live before: by default the canary, and where there is none what is live."""
    with desk(person, environment) as at:
        governed = at.ask("/v1/releases")
        in_force = governed["in_force"] or {}
        if to:
            before = [each["revision"] for each in governed["releases"] if each["revision"].startswith(to)]
            to = before[0] if before else to
        named = release or (not to and (in_force.get("canary") or in_force.get("next") or {}).get("release"))
        found = at.release(named or in_force.get("release", ""), "live")
        made = at.do(f"/v1/releases/{found['id']}/rollback", {"why": why, "to": to})
        live = at.ask("/v1/releases")["in_force"]
    if as_json:
        say_json(made)
        return
    click.secho(f"✓ {made['id']} is rolled back; live: {live['revision']}", fg="green")


@click.command()
@_release
@_why
@operator_options
@json_option
def withdraw(release: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """End RELEASE, which decides nothing yet: by default the latest that is open."""
    _step(release, "withdraw", {"why": why}, _OPEN[:-1], person, environment, as_json)


@click.command()
@_release
@_why
@operator_options
@json_option
def emergency(release: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Let RELEASE decide for everybody at once, without approval: by default the latest that is checked. A review by
    somebody else is due in two days.
    """
    _step(release, "emergency", {"why": why}, _OPEN[1:], person, environment, as_json)


@click.command()
@_release
@click.option("--accept/--reject", "accepted", required=True, default=None, help="What you think of it.")
@_why
@operator_options
@json_option
def review(release: str, accepted: bool, why: str, person: str, environment: str, as_json: bool) -> None:
    """Review RELEASE, which went live in an emergency: by default the one whose review is due first. You did not make
    it.
    """
    with desk(person, environment) as at:
        waiting = [each["release"] for each in at.ask("/v1/releases")["reviews"]]
    told = {"accepted": accepted, "why": why}
    _step(release or next(iter(waiting), ""), "review", told, ("live",), person, environment, as_json)


@click.command()
@click.option("--from", "from_", type=_Instant(), required=True, help="From when on.")
@click.option("--until", type=_Instant(), required=True, help="Until when.")
@_why
@operator_options
@json_option
def freeze(from_: str, until: str, why: str, person: str, environment: str, as_json: bool) -> None:
    """Let nothing go canary or live for a while, but emergencies."""
    with desk(person, environment) as at:
        made = at.do("/v1/freezes", {"from": from_, "until": until, "why": why})
    if as_json:
        say_json(made)
        return
    click.secho(f"✓ {made['id']}: frozen from {_time(made['from'])} until {_time(made['until'])}", fg="green")


@click.command()
@click.argument("freeze_id", metavar="FREEZE")
@_why
@operator_options
def lift(freeze_id: str, why: str, person: str, environment: str) -> None:
    """End FREEZE early. You did not declare it."""
    with desk(person, environment) as at:
        at.do(f"/v1/freezes/{freeze_id}/lift", {"why": why})
    click.secho(f"✓ {freeze_id} is lifted", fg="green")


@click.command()
@operator_options
@json_option
def history(person: str, environment: str, as_json: bool) -> None:
    """Show what is in force, every release with its steps, open reviews and freezes."""
    with desk(person, environment) as at:
        governed = at.ask("/v1/releases")
    if as_json:
        say_json(governed)
        return
    say_governed(governed)


def say_governed(governed: dict[str, Any]) -> None:
    """Print what governs an environment."""
    in_force = governed["in_force"]
    click.echo(f"live in {governed['environment']}: {in_force['revision'] if in_force else 'nothing'}")
    if in_force and "canary" in in_force:
        click.echo(f"canary, {in_force['canary']['share']} % of persons: {in_force['canary']['revision']}")
    if in_force and "next" in in_force:
        click.echo(f"from {_time(in_force['next']['from'])}: {in_force['next']['revision']}")
    for off in in_force.get("switches", []) if in_force else []:
        click.secho(f"off: {off['kind']} {off['id']}", fg="yellow")
    for each in governed["freezes"]:
        span = f"from {_time(each['from'])} until {_time(each['until'])}"
        click.echo(f"frozen {span}: {each['why']} ({each['id']}, {each['by']})")
    for each in governed["reviews"]:
        said = "overdue since" if each["overdue"] else "due by"
        colour = "red" if each["overdue"] else "yellow"
        click.secho(f"review of {each['release']} {said} {_time(each['due_at'])}", fg=colour)
    for each in governed["releases"]:
        ended = f" ({each['ended']})" if "ended" in each else ""
        click.echo(
            f"{each['id']}  {each['state'] + ended:<22} {each['revision'][:19]}  {each['author']}: {each['why']}"
        )
        for line in _steps(each):
            click.echo(f"    {line}")


def _steps(release: dict[str, Any]) -> list[str]:
    """What happened to a release, in order."""
    lines = []
    for name in ("check", "simulation"):
        if (result := release.get(name)) is not None:
            came_to = "passed" if result["passed"] else "failed"
            lines.append((result["at"], f"{name} {came_to} ({result['by']}){_because(result.get('why'))}"))
    if (approval := release.get("approval")) is not None:
        lines.append((approval["at"], f"approved by {approval['by']}{_because(approval['why'])}"))
    if (emergency_ := release.get("emergency")) is not None:
        lines.append((emergency_["at"], f"emergency of {emergency_['by']}{_because(emergency_['why'])}"))
    if "canary_at" in release:
        lines.append((release["canary_at"], f"canary, by now {release['share']} % of persons"))
    if "live_from" in release:
        lines.append((release["live_from"], "to be live" if release["state"] == "canary" else "live"))
    if (review_ := release.get("review")) is not None and "by" in review_:
        said = "accepted" if review_["accepted"] else "rejected"
        lines.append((review_["at"], f"{said} by {review_['by']}{_because(review_['why'])}"))
    if "retired_at" in release:
        lines.append((release["retired_at"], release["ended"].replace("_", " ")))
    return [f"{_time(at)} {said}" for at, said in sorted(lines)]


def _time(text: str) -> str:
    """A time as people read it, UTC, to the second."""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


def _because(why: str | None) -> str:
    return f": {why}" if why else ""


def _step(
    release: str,
    word: str,
    told: dict[str, Any],
    states: tuple[str, ...],
    person: str,
    environment: str,
    as_json: bool,
) -> None:
    """Take a step of a release, and say where it stands after it."""
    with desk(person, environment) as at:
        found = at.release(release, *states)
        made = at.do(f"/v1/releases/{found['id']}/{word}", told)
    if as_json:
        say_json(made)
        return
    say_release(made)


def say_release(made: dict[str, Any]) -> None:
    """Print where a release stands."""
    share = f", {made['share']} % of persons" if made["state"] == "canary" else ""
    from_ = f", live from {_time(made['live_from'])}" if made["state"] == "canary" and "live_from" in made else ""
    click.secho(f"✓ {made['id']} is {made['state']}{share}{from_}: {made['revision']}", fg="green")
    if (due := made.get("review", {}).get("due_at")) and "by" not in made["review"]:
        click.echo(f"  a review by somebody else is due by {_time(due)}")


STEPS = (checked, simulated, approve, canary, promote, rollback, withdraw, emergency, review, freeze, lift, history)
"""The commands that `kairos catalogue` takes in."""
