"""Adobe XDM: ExperienceEvents, with today's field names or the `xdm:` prefixes of old, bare or streamed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.domain.consent.proofs import Proof
from shared.domain.errors import InvalidError
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
from shared.domain.signal import ConsentChange

FALLBACK_TYPE = "experience_event"

_CONTEXT = ("application", "channel", "device", "environment", "locationContext", "placeContext", "userAgent", "web")
"""Field groups that tell what surrounds an event; all others are properties."""

_FEEDBACK = (
    ("feedback_status", "messageDeliveryfeedback", "feedbackStatus"),
    ("interaction_type", "messageInteraction", "interactionType"),
)
"""Of Journey Optimizer's feedback events: the property, and the object and field that it is."""

_CHANNELS: dict[str, str | None] = {
    "any": None,
    "email": "email",
    "sms": "sms",
    "push": "push",
    "call": "call_centre",
    "postalMail": "direct_mail",
}
"""Marketing consents of XDM by our channels; `any` is all of them."""


def read(payload: Any) -> RawSignal:
    """Read one ExperienceEvent.

    Raises:
        InvalidError: with the field, by today's name, that does not fit.
    """
    if not isinstance(payload, dict):
        raise InvalidError(f"expected an object, got {described(payload)}")
    event, envelope = _opened(_unprefixed(payload))
    if event.get("timestamp") is None and event.get("eventType") is None:
        raise InvalidError("is missing, and eventType too: this is no ExperienceEvent", field="timestamp")
    at = instant(event.pop("timestamp", None), "timestamp")
    event_type = text(event.pop("eventType", None), "eventType")
    identities = [
        *_identity_map(event.pop("identityMap", None)),
        *_end_user_ids(event.pop("endUserIDs", None), "endUserIDs"),
    ]
    identifiers, further = _chosen(identities)
    context = {name: event.pop(name) for name in _CONTEXT if name in event}
    extra: dict[str, Any] = {"event_type": event_type} if event_type else {}
    extra |= _of_a_journey(event)
    if envelope:
        extra["envelope"] = envelope
    id_field = "_id" if event.get("_id") is not None else "@id"
    return RawSignal(
        id=text(event.pop(id_field, None), id_field),
        type=snake_case(event_type, "eventType") if event_type else FALLBACK_TYPE,
        at=at,
        identifiers=identifiers,
        further=further,
        context=_context(context, identities),
        consent=_consents(event),
        proofs=_proofs(event),
        properties=beside(event, extra),
    )


def _unprefixed(value: Any) -> Any:
    """The same value with `xdm:` taken off its names, except where the name without it is taken."""
    if isinstance(value, list):
        return [_unprefixed(item) for item in value]
    if not isinstance(value, dict):
        return value
    renamed: dict[str, Any] = {}
    for name, held in value.items():
        bare = name.removeprefix("xdm:")
        renamed[bare if bare and bare not in value else name] = _unprefixed(held)
    return renamed


def _opened(payload: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The event, and what a streaming message wraps around it."""
    body = payload.get("body")
    if not isinstance(body, dict) or "xdmEntity" not in body:
        return payload, {}
    around = {name: value for name, value in payload.items() if name != "body"}
    around |= {name: value for name, value in body.items() if name != "xdmEntity"}
    return dict(mapping(body["xdmEntity"], "body.xdmEntity")), around


class _Identity:
    """One identity: its namespace, its value as sent, whether it is the primary one, and how sure it is."""

    def __init__(self, namespace: str, value: Any, held: dict[str, Any]) -> None:
        self.namespace = namespace
        self.value = value
        self.primary = held.get("primary") is True
        self.state = held.get("authenticatedState")


def _identity_map(value: Any) -> Iterator[_Identity]:
    for namespace, held in mapping(value, "identityMap").items():
        field = f"identityMap.{namespace}"
        if not isinstance(held, list):
            raise InvalidError(f"expected an array of identities, got {described(held)}", field=field)
        for index, item in enumerate(held):
            if not isinstance(item, dict) or item.get("id") is None:
                raise InvalidError("expected an object with an id", field=f"{field}[{index}]")
            yield _Identity(namespace, item["id"], item)


def _end_user_ids(value: Any, field: str) -> Iterator[_Identity]:
    """Identities of the shape before identityMap: by solution, each with a namespace of its own."""
    for solution, held in mapping(value, field).items():
        identity = mapping(held, f"{field}.{solution}")
        namespace = mapping(identity.get("namespace"), f"{field}.{solution}.namespace")
        found = identity.get("id", identity.get("@id"))
        if found is not None and not isinstance(found, dict):
            code = namespace.get("code", namespace.get("@id", solution))
            yield _Identity(text(code, f"{field}.{solution}.namespace") or solution, found, identity)
        elif any(isinstance(inner, dict) for inner in identity.values()):
            yield from _end_user_ids(identity, f"{field}.{solution}")
        else:
            raise InvalidError("expected an object with an id", field=f"{field}.{solution}")


def _chosen(identities: list[_Identity]) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
    """One value per namespace, the primary one or else the first, and the further ones."""
    values: dict[str, list[Any]] = {}
    for identity in sorted(identities, key=lambda identity: not identity.primary):
        held = values.setdefault(identity.namespace, [])
        if identity.value not in held:
            held.append(identity.value)
    first = {namespace: held[0] for namespace, held in values.items()}
    return first, {namespace: tuple(held[1:]) for namespace, held in values.items() if len(held) > 1}


def _context(context: dict[str, Any], identities: list[_Identity]) -> dict[str, Any]:
    """The context with `device` and `authenticated` as our conditions read them."""
    device = context.get("device")
    if isinstance(device, dict):
        context["device_details"] = context.pop("device")
        word = device_word(device.get("type"))
        if word is not None:
            context["device"] = word
    states = {identity.namespace: identity.state for identity in identities if isinstance(identity.state, str)}
    if states:
        context["authenticated"] = "authenticated" in states.values()
        context["authenticated_states"] = states
    return context


def _of_a_journey(event: dict[str, Any]) -> dict[str, Any]:
    """What became of a message that Journey Optimizer sent, for conditions to read; it stays in place too."""
    journey: Any = event.get("_experience")
    journey = journey.get("customerJourneyManagement") if isinstance(journey, dict) else None
    found = {}
    for name, group, field in _FEEDBACK if isinstance(journey, dict) else ():
        held = journey.get(group)
        if isinstance(held, dict) and isinstance(held.get(field), str):
            found[name] = held[field]
    return found


def _consents(event: dict[str, Any]) -> tuple[ConsentChange, ...]:
    """Marketing consents that say yes or no, and when where they tell; all of them stay among the properties too."""
    consents = mapping(event.get("consents"), "consents")
    marketing = mapping(consents.get("marketing"), "consents.marketing")
    together = mapping(consents.get("metadata"), "consents.metadata").get("time")
    changes = []
    for name, channel in _CHANNELS.items():
        field = f"consents.marketing.{name}"
        choice = mapping(marketing.get(name), field)
        word = choice.get("val")
        if word in ("y", "n"):
            at = instant(choice.get("time"), f"{field}.time") or instant(together, "consents.metadata.time")
            given = msgspec.UNSET if at is None else at
            changes.append(ConsentChange(purpose="marketing", channel=channel, granted=word == "y", at=given))
    return tuple(changes)


def _proofs(event: dict[str, Any]) -> tuple[Proof, ...]:
    """The first TC string among the consent strings, where the law that it is of applies."""
    strings = event.get("consentStrings")
    for index, held in enumerate(strings if isinstance(strings, list) else ()):
        if isinstance(held, dict) and held.get("consentStandard") == "IAB TCF" and held.get("gdprApplies") is not False:
            field = f"consentStrings[{index}].consentStringValue"
            return (Proof("tcf", held.get("consentStringValue"), field),)
    return ()
