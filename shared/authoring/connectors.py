"""Channels and the connectors that they are sent through: names checked, and every text of a connector."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from shared.authoring import forms
from shared.authoring.names import Files, Names, by_id
from shared.authoring.places import Place
from shared.authoring.problems import Problems
from shared.domain.catalogue import (
    Action,
    Channel,
    ClientCredentials,
    Connector,
    ContentService,
    HttpConnector,
    ServiceAccount,
    Treatment,
)
from shared.domain.delivery import LONGEST_DEADLINE_SECONDS
from shared.domain.outgoing import DELIVERY_FIELDS, LINK_FIELDS, places
from shared.domain.part import seconds

_OPENED = re.compile(r"\$\{")
_NUMERIC = re.compile(r"[0-9.]+")
_HOST_OF = re.compile(r"https://([^:/]+)(?::([0-9]+))?")
_PARTS: Mapping[str, tuple[str, ...]] = {"delivery": DELIVERY_FIELDS, "brand": ("id", "name"), "links": LINK_FIELDS}
_ROOTS = ("address", "delivery", "brand", "content", "person", "links")
_MAY_BE_MISSING = ("links",)


def build_channels(files: Files, names: Names) -> tuple[Channel, ...]:
    """The channels, each with its price."""
    file = files.channels
    names.unique(file.channels, "channel")
    names.unique([p for c in file.channels for p in c.placements], "placement")
    prices = {c.id: c.price for f in files.connectors for c in f.connectors}
    for channel in file.channels:
        _check_channel(channel, names)
    return tuple(_channel(form, prices) for form in by_id(file.channels))


def _channel(form: forms.Channel, prices: Mapping[str, float]) -> Channel:
    through = [prices.get(each, 0.0) for each in (form.connector, *form.connectors.values()) if each]
    return Channel(
        **{
            **msgspec.structs.asdict(form),
            "price": max(through, default=0.0) if form.price is None else form.price,
            "placements": tuple(by_id(form.placements)),
            "connectors": dict(sorted(form.connectors.items())),
        }
    )


def _check_channel(channel: forms.Channel, names: Names) -> None:
    if names.is_read(channel, "direction"):
        if channel.direction == "outbound" and channel.placements:
            names.problems.add(names.place(channel, "placements"), "an outbound channel has no placements")
        if channel.direction == "inbound" and channel.rate_limit is not None:
            names.problems.add(names.place(channel, "rate_limit"), "nothing is sent on an inbound channel")
        for field in ("connector", "connectors") if channel.direction == "inbound" else ():
            if getattr(channel, field):
                names.problems.add(names.place(channel, field), "an inbound channel asks, and is not sent to")
    if seconds(channel.deadline) > LONGEST_DEADLINE_SECONDS:
        names.problems.add(names.place(channel, "deadline"), "longer than 2 days")
    _check_price(channel, names)
    if channel.connector is not None:
        names.refers("connector", channel.connector, channel, "connector")
    for brand, connector in channel.connectors.items():
        names.refers("brand", brand, channel, "connectors", brand)
        names.refers("connector", connector, channel, "connectors", brand)


def _check_price(channel: forms.Channel, names: Names) -> None:
    if channel.price is None and not channel.connector and names.is_read(channel, "price"):
        names.problems.add(names.place(channel), "price is missing")
    texts = [field for field in channel.content.values() if field.medium == "sms"]
    if channel.priced_by == "segment" and not texts:
        names.problems.add(names.place(channel, "priced_by"), "no field of its content is a text message")


def build_connectors(
    files: Files, channels: tuple[Channel, ...], actions: tuple[Action, ...], names: Names
) -> tuple[Connector, ...]:
    """The connectors, each of which finds what its texts need in every treatment that it may carry."""
    connectors = [connector for file in files.connectors for connector in file.connectors]
    names.unique(connectors, "connector")
    carried = {connector.id: list(_carried(connector, channels, actions)) for connector in connectors}
    for connector in connectors:
        _Check(connector, carried[connector.id], files, names).run()
    return tuple(msgspec.structs.replace(c, person=names.set_of(c, "person")) for c in by_id(connectors))


def build_content_services(files: Files, names: Names) -> tuple[ContentService, ...]:
    """The content services, each at the name of a host."""
    services = [service for file in files.connectors for service in file.content_services]
    names.unique(services, "content service")
    for service in services:
        _check_host(service.url, names.place(service, "url"), names.problems)
        for _, place in places(service.url):
            if place[1] not in ("fragment", "language") or place[2]:
                message = f"unknown name {place[1]}: here are ${{fragment}} and ${{language}}"
                names.problems.add(names.place(service, "url").character(place.start()), message)
    return tuple(by_id(services))


def _check_host(address: str, place: Place, problems: Problems) -> None:
    """Note a host that is an address, or the name of none: what is declared is a name of the public internet."""
    found = _HOST_OF.match(address)
    if found and (_NUMERIC.fullmatch(found[1]) or "." not in found[1]):
        problems.add(place, f"{found[1]} is no name of a host")
    if found and found[2] and not 0 < int(found[2]) < 65536:
        problems.add(place, f"{found[2]} is no port")


def _carried(connector: Connector, channels: tuple[Channel, ...], actions: tuple[Action, ...]) -> Iterator[Treatment]:
    by_channel = {channel.id: channel for channel in channels}
    for action in actions:
        for treatment in action.treatments:
            channel = by_channel.get(treatment.channel)
            if channel and channel.connectors.get(action.brand, channel.connector) == connector.id:
                yield treatment


class _Check:
    """One connector under examination."""

    def __init__(self, connector: Connector, carried: list[Treatment], files: Files, names: Names) -> None:
        self._connector = connector
        self._carried = carried
        self._schema = files.schema.profile
        self._names = names

    def run(self) -> None:
        connector = self._connector
        for index, name in enumerate(connector.person):
            if name not in self._schema:
                self._note(("person", index), f"unknown attribute profile.{name}", wrote=name, known=self._schema)
        if isinstance(connector, HttpConnector):
            self._host(connector.url, "url")
            if isinstance(connector.authentication, ClientCredentials | ServiceAccount):
                self._host(connector.authentication.token_url, "authentication", "token_url")
            for index, answer in enumerate(connector.answers):
                for field in ("reference", "reason"):
                    where = getattr(answer, field)
                    if where is not None and where.partition(".")[0] not in ("body", "header"):
                        self._note(("answers", index, field), "is body.PATH or header.NAME of the answer")
            texts: dict[str, Any] = {"url": connector.url, "headers": connector.headers, "body": connector.body}
        else:
            self._host(f"https://{connector.host}", "host")
            texts = {name: getattr(connector, name) for name in ("subject", "html", "text", "headers")}
        for keys, text in _texts(texts):
            self._text(keys, text)

    def _host(self, address: str, *keys: str) -> None:
        _check_host(address, self._names.place(self._connector, *keys), self._names.problems)

    def _text(self, keys: tuple[str | int, ...], text: str) -> None:
        good = {place.start() for _, place in places(text)}
        for opened in _OPENED.finditer(text):
            if opened.start() not in good:
                message = "not a place: write ${name}, ${name?} or ${name:-what stands in its stead}"
                self._note(keys, message, offset=opened.start())
        for _, place in places(text):
            self._place(keys, text, place)

    def _place(self, keys: tuple[str | int, ...], text: str, place: re.Match[str]) -> None:
        root, _, name = place[1].partition(".")
        at = place.start(1)
        optional = place[2] is not None
        if root not in _ROOTS:
            self._note(keys, f"unknown name {root}", wrote=root, known=_ROOTS, offset=at)
        elif root == "content":
            if not optional and name:
                self._content(keys, name, at)
        elif root == "person":
            self._person(keys, name, optional=optional, at=at)
        elif root in _PARTS and name and name not in _PARTS[root]:
            self._note(keys, f"unknown name {place[1]}", wrote=name, known=_PARTS[root], offset=at)
        elif root in _MAY_BE_MISSING and not optional:
            self._note(keys, f"{place[1]} may be missing: write ${{{place[1]}?}}, or :- and a fallback", offset=at)
        if place[2] == "?" and place[0] != text:
            self._note(
                keys, "only a place that is the whole text can leave its field out: give it a fallback", offset=at
            )

    def _content(self, keys: tuple[str | int, ...], name: str, at: int) -> None:
        lacking = [treatment for treatment in self._carried if name not in treatment.content]
        if lacking:
            known = {field for treatment in self._carried for field in treatment.content}
            self._note(keys, f"{lacking[0].id} has no {name}", wrote=name, known=known, offset=at)

    def _person(self, keys: tuple[str | int, ...], name: str, *, optional: bool, at: int) -> None:
        allowed = self._connector.person
        if name not in allowed:
            message = f"person.{name} is not among what this connector may read: name it under person"
            self._note(keys, message, wrote=name, known=allowed, offset=at)
        elif not optional and name in self._schema and not self._schema[name].required:
            self._note(keys, f"person.{name} may be missing: give it a fallback with :-", offset=at)

    def _note(
        self,
        keys: tuple[str | int, ...],
        message: str,
        *,
        wrote: str = "",
        known: Any = (),
        offset: int | None = None,
    ) -> None:
        place = self._names.place(self._connector, *keys)
        self._names.problems.add(
            place if offset is None else place.character(offset), message, wrote=wrote, known=known
        )


def _texts(value: Any, *keys: str | int) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text, with the way to it."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _texts(one, *keys, name)
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from _texts(one, *keys, index)
    elif isinstance(value, str):
        yield keys, value
