"""Segment: the six calls of its specification, in its old spellings and its new ones."""

from __future__ import annotations

import re
from typing import Any

from shared.domain.normalising.raw import (
    RawSignal,
    beside,
    described,
    device_word,
    instant,
    mapping,
    snake_case,
    text,
)
from shared.domain.errors import InvalidError
from shared.domain.signal import ConsentChange

TYPES = {
    "page": "page_viewed",
    "screen": "screen_viewed",
    "identify": "profile_identified",
    "group": "group_joined",
    "alias": "identity_aliased",
}
"""The type of a signal by its call; a track call is named by its event."""

_CALLS = ("track", *TYPES)

# `userId`, `user_id` and `User ID` all occur in the specification's examples.
_FIELDS = {
    "userid": "userId",
    "anonymousid": "anonymousId",
    "previousid": "previousId",
    "groupid": "groupId",
    "messageid": "messageId",
}

_PURPOSES: dict[str, tuple[str, str | None]] = {
    "marketing": ("marketing", None),
    "advertising": ("marketing", "web"),  # a banner's word on advertisements is no word on messages
    "service": ("service", None),
    "targeted_support": ("targeted_support", None),
}
"""Consent categories that say something about our purposes, and on which channel; others are only kept."""


def read(payload: Any) -> RawSignal:
    """Read one call. Its write key is dropped: it is a credential, not a fact.

    Raises:
        InvalidError: with the field that does not fit.
    """
    if not isinstance(payload, dict):
        raise InvalidError(f"expected an object, got {described(payload)}")
    call = _spelled(payload)
    kind = _kind(call)
    traits = mapping(call.pop("traits", None), "traits")
    properties = mapping(call.pop("properties", None), "properties")
    context = dict(mapping(call.pop("context", None), "context"))
    time_field = "timestamp" if call.get("timestamp") is not None else "originalTimestamp"
    consent = _consents(context)
    identifiers = _identifiers(call, traits if kind != "group" else {}, context, properties)
    return RawSignal(
        id=text(call.pop("messageId", None), "messageId"),
        type=_type(kind, call),
        at=instant(call.pop(time_field, None), time_field),
        identifiers=identifiers,
        context=_context(context, properties),
        properties=_properties(kind, call, properties, traits),
        consent=consent,
    )


def _spelled(payload: dict[str, Any]) -> dict[str, Any]:
    """The call with its identifying fields in today's spelling and without its write key."""
    call: dict[str, Any] = {}
    for name, value in payload.items():
        today = _FIELDS.get(re.sub(r"[^a-z]", "", name.lower()), name)
        call[name if today in payload or today in call else today] = value
    call.pop("writeKey", None)
    return call


def _kind(call: dict[str, Any]) -> str:
    for field in ("type", "action"):
        if field in call:
            named = call.pop(field)
            if isinstance(named, str) and named.lower() in _CALLS:
                return named.lower()
            raise InvalidError(f"is not one of {', '.join(sorted(_CALLS))}", field=field)
    # The endpoints of the HTTP API are named by their call, so the body need not name it.
    for field, kind in (("event", "track"), ("groupId", "group"), ("previousId", "alias")):
        if field in call:
            return kind
    if "userId" in call or "anonymousId" in call:
        if "traits" in call:
            return "identify"
        if "name" in call or "properties" in call:
            return "page"
    raise InvalidError(f"is missing, and no field tells which call it is: {', '.join(sorted(_CALLS))}", field="type")


def _type(kind: str, call: dict[str, Any]) -> str:
    if kind != "track":
        return TYPES[kind]
    event = call.get("event")
    if not isinstance(event, str):
        raise InvalidError("is missing" if event is None else f"expected text, got {described(event)}", field="event")
    return snake_case(event, "event")


def _identifiers(
    call: dict[str, Any], traits: dict[str, Any], context: dict[str, Any], properties: dict[str, Any]
) -> dict[str, Any]:
    found = {
        name: value
        for name in ("userId", "previousId", "anonymousId")
        if (value := call.pop(name, None)) is not None and value != ""
    }
    seen_in = (traits, mapping(context.get("traits"), "context.traits"), properties)
    for name in ("email", "phone"):
        value = next(
            (place[name] for place in seen_in if isinstance(place.get(name), str) and place[name].strip()), None
        )
        if value is not None:
            found[name] = value
    return found


def _context(context: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    """The context with `page` and `device` as our conditions read them, and Segment's objects of these names beside."""
    page, device = context.get("page"), context.get("device")
    if isinstance(page, dict):
        context["page_details"] = context.pop("page")
    if isinstance(device, dict):
        context["device_details"] = context.pop("device")
    path = page.get("path") if isinstance(page, dict) else page
    path = path if path is not None else properties.get("path")
    if isinstance(path, str):
        context["page"] = path
    word = device_word(device.get("type") if isinstance(device, dict) else device)
    if word is not None:
        context["device"] = word
    return context


def _properties(kind: str, call: dict[str, Any], properties: dict[str, Any], traits: dict[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if traits:
        more["traits"] = traits
    if kind in ("page", "screen") and "name" in call:
        more[f"{kind}_name"] = call.pop("name")
    if kind in ("page", "screen") and "category" in call:
        more["category"] = call.pop("category")
    if kind == "group" and "groupId" in call:
        more["group_id"] = call.pop("groupId")
    if call:
        more["envelope"] = call
    return beside(properties, more)


def _consents(context: dict[str, Any]) -> tuple[ConsentChange, ...]:
    consent = context.get("consent")
    preferences = consent.get("categoryPreferences") if isinstance(consent, dict) else None
    if preferences is None:
        return ()
    changes = []
    for category, granted in mapping(preferences, "context.consent.categoryPreferences").items():
        about = _PURPOSES.get(re.sub(r"[\s-]+", "_", category.strip().lower()))
        if about is None:
            continue
        if not isinstance(granted, bool):
            raise InvalidError(
                f"expected true or false, got {described(granted)}",
                field=f"context.consent.categoryPreferences.{category}",
            )
        changes.append(ConsentChange(purpose=about[0], channel=about[1], granted=granted))
    return tuple(changes)
