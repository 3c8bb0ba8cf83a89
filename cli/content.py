"""`kairos content`: what a person would get, as delivery would write it, without sending anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from cli.platform import ROOT
from cli.say import fail, json_option, say_json
from shared.authoring import CatalogueError, load
from shared.authoring.problems import closest
from shared.domain.catalogue import Connector, HttpConnector, Revision, SmtpConnector, Treatment
from shared.domain.content import field_of, language_of, render
from shared.domain.delivery import Delivery
from shared.domain.errors import NotFoundError, PermanentError
from shared.domain.linking import linked, offered_links
from shared.domain.links import LinkKey, Links
from shared.domain.outgoing import facts, request
from shared.domain.plain_text import plain_text
from shared.domain.policy.policy import Policy
from shared.domain.profile import Person
from shared.domain.sms import segments
from shared.runtime.world import utc_now

MASK = "••••••"
DELIVERY = "v-" + "0" * 32
_LINKS = Links([LinkKey(kid="preview", key=bytes(32))], "https://links.example")
CUSTOMERS = ROOT / "catalogue" / "samples" / "customers.csv"


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a person would get.

    Attributes:
        language: of the text.
        content: the fields of the treatment.
        segments: the text messages that a field becomes.
        connector: what it would be sent through, None on an inbound channel.
        request: what that would be told, its secrets masked.
    """

    treatment: str
    channel: str
    person: str
    language: str
    content: dict[str, str]
    segments: dict[str, int]
    connector: str | None = None
    request: dict[str, Any] | None = None


@click.group()
def content() -> None:
    """Show what treatments say."""


@content.command()
@click.argument("treatment")
@click.option("--person", default="C000001", show_default=True, help="A customer of the sample, such as C000042.")
@click.option(
    "--set", "changes", multiple=True, metavar="NAME=VALUE", help="Another value of an attribute; JSON, or text."
)
@click.option("--address", help="Instead of the customer's own.")
@click.option(
    "--catalogue", "folder", default=ROOT / "catalogue", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write the first field of HTML here.")
@json_option
def preview(
    treatment: str,
    person: str,
    changes: tuple[str, ...],
    address: str | None,
    folder: Path,
    html: Path | None,
    as_json: bool,
) -> None:
    """Render TREATMENT, such as northmoor_cash_isa.email, for a customer of the sample, as delivery would.

    Nothing is sent, no secret is read, and the links in it lead nowhere.
    """
    try:
        revision = load(folder)
    except CatalogueError as error:
        fail(f"{len(error.problems)} problems in {folder}", "kairos catalogue check names each")
    try:
        found = preview_of(Policy(revision), treatment, *_customer(revision, person, changes), address, utc_now())
    except NotFoundError as error:
        fail(str(error), f"did you mean {closest(treatment, revision.treatments) or 'another'}?")
    except PermanentError as error:
        fail(f"This person would get nothing: {error}", "mend the template, or give what it reads a fallback")
    if html is not None:
        try:
            html.write_text(_first_html(revision, found), encoding="utf-8")
        except OSError as error:
            fail(f"{html} cannot be written: {error.strerror}", "name a file in a folder that is there")
    if as_json:
        say_json(found)
    else:
        _say(revision, found, html)


def preview_of(
    policy: Policy, treatment_id: str, who: Person, addresses: Mapping[str, str], address: str | None, now: datetime
) -> Preview:
    """What a person would get, at one of their addresses by channel unless another is given.

    Raises:
        NotFoundError: there is no such treatment.
        PermanentError: it cannot be written for this person.
    """
    revision = policy.revision
    action, treatment = revision.treatment(treatment_id)
    channel = revision.channels[treatment.channel]
    seen = policy.features.seen(who, now)
    connector = revision.connector(channel.id, action.brand)
    links = _LINKS if connector is not None else None
    offered = offered_links(links, DELIVERY, treatment)
    rendered = render(revision, action, treatment, seen, offered)
    said, found = linked(links, DELIVERY, channel, treatment, rendered, offered)
    told = None
    if connector is not None:
        delivery = _delivery(revision, treatment, who.person_id, now)
        facts_ = facts(revision, connector, delivery, said, seen.attributes)
        told = _request(connector, {**facts_, "links": found, "address": address or addresses.get(channel.id)}, now)
    return Preview(
        treatment=treatment_id,
        channel=channel.id,
        person=who.person_id,
        language=language_of(treatment, seen.attributes) or revision.catalogue.locale.partition("-")[0],
        content=said,
        segments={name: segments(text) for name, text in said.items() if field_of(channel, name).medium == "sms"},
        connector=connector.id if connector else None,
        request=told,
    )


def _delivery(revision: Revision, treatment: Treatment, person_id: str, now: datetime) -> Delivery:
    action, _ = revision.treatment(treatment.id)
    return Delivery(
        delivery_id=DELIVERY,
        decision_id="d-" + "0" * 32,
        person_id=person_id,
        revision=revision.id,
        brand=action.brand,
        issue=action.issue,
        group=action.group,
        action=action.id,
        treatment=treatment.id,
        channel=treatment.channel,
        purpose=treatment.purpose,
        model="",
        state="sending",
        at=now,
    )


def _request(connector: Connector, read: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What the provider would be told."""
    way = connector.authentication
    proof = {"authentication": f"{type(way).__struct_config__.tag} {MASK}"} if way is not None else {}
    if isinstance(connector, SmtpConnector):
        from shared.adapters.channels.smtp import mail

        message = mail(connector, DELIVERY, read, now)
        return {
            "server": f"{connector.host}:{connector.port}",
            **proof,
            "headers": {name: str(value) for name, value in message.items()},
        }
    assert isinstance(connector, HttpConnector)
    wanted = request(connector, DELIVERY, read)
    body: Any = wanted.body.decode()
    if connector.encoding == "json":
        body = msgspec.json.decode(wanted.body)
    return {"request": f"{wanted.method} {wanted.url}", **proof, "headers": wanted.headers, "body": body}


def _customer(revision: Revision, number: str, changes: tuple[str, ...]) -> tuple[Person, Mapping[str, str]]:
    """A customer of the sample as changed, and their addresses by channel."""
    from emulators.seed import read_customers

    schema = revision.catalogue.profile_schema
    customers = read_customers(CUSTOMERS, schema, utc_now())
    customer = next((each for each in customers if each.identifiers["customer_no"] == number), None)
    if customer is None:
        fail(f"The sample has no customer {number}.", "they are C000001 to C001000")
    attributes = dict(customer.profile.attributes)
    for change in changes:
        name, equals, text = change.partition("=")
        if not equals:
            fail(f"--set {change} gives no value.", f"write --set {change}=VALUE")
        if name not in schema:
            fail(f"There is no attribute {name}.", f"did you mean {closest(name, schema) or 'another'}?")
        attributes[name] = _value(text)
    addresses = {"email": "somebody@example.org", "sms": "+447700900000", "push": "a-token", **customer.addresses}
    return msgspec.structs.replace(customer.profile, attributes=attributes), addresses


def _value(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.MsgspecError:
        return text


def _first_html(revision: Revision, found: Preview) -> str:
    channel = revision.channels[found.channel]
    html = [text for name, text in found.content.items() if field_of(channel, name).medium == "html"]
    if not html:
        fail(f"{found.treatment} has no field of HTML.", "leave --html out")
    return html[0]


def _say(revision: Revision, found: Preview, html: Path | None) -> None:
    channel = revision.channels[found.channel]
    through = f", through {found.connector}" if found.connector else ""
    click.secho(f"{found.treatment} on {found.channel}, in {found.language}{through}", bold=True)
    for name, text in found.content.items():
        field = field_of(channel, name)
        count = found.segments.get(name)
        note = f" ({count} text message{'s' if count != 1 else ''})" if count else ""
        said = plain_text(text).rstrip() if field.medium == "html" else text
        click.echo(f"  {name}{note}: " + said.replace("\n", "\n    "))
    if found.request is not None:
        click.echo(msgspec.json.format(msgspec.json.encode(found.request), indent=2).decode())
    if html is not None:
        click.secho(f"✓ {html}", fg="green")
