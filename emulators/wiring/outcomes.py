"""What takes outcomes, from channels, providers' callbacks and links in messages."""

from __future__ import annotations

from emulators.wiring.parts import Parts
from functions.feedback import openapi as feedback_openapi
from functions.feedback.api import routes as feedback_routes
from functions.feedback.api import sweep_route
from functions.feedback.attributing import Attribute
from functions.feedback.callbacks import callback_routes
from functions.feedback.calling_back import TakeCallbacks
from functions.feedback.closing import CloseWindows
from functions.feedback.following import Follow
from functions.feedback.handler import RecordOutcomes, note_delivery
from functions.feedback.links import LinkPages
from functions.feedback.taking import TakeOutcomes
from shared.adapters.memory.outcomes import Outcomes
from shared.adapters.memory.responses import ResponseWindows
from shared.messages import TreatmentDelivered
from shared.runtime.service import Service, always_ready
from shared.runtime.world import timer, utc_now


def outcomes(parts: Parts) -> dict[str, Service]:
    """Feedback, subscribed to what was delivered."""
    store, meter, catalogues, contacts = parts.memory.store, parts.meter, parts.catalogues, parts.contacts
    kept = Outcomes(store, meter)
    take = TakeOutcomes(catalogues, kept, parts.memory.publisher)
    attribute = Attribute(catalogues, parts.persons, contacts, kept, parts.bank.identifier_key)
    record = RecordOutcomes(contacts, attribute, take)
    close = CloseWindows(ResponseWindows(store, meter), take, timer)
    return {
        "feedback": Service(
            "feedback",
            [
                *parts.pushed("feedback", TreatmentDelivered, note_delivery),
                *feedback_routes(record, parts.channels, meter, utc_now),
                sweep_route(close, parts.clock("feedback"), meter, utc_now),
                *callback_routes(TakeCallbacks(catalogues, contacts, take), catalogues, parts.door, meter, utc_now),
                *LinkPages(Follow(parts.bank.links(""), contacts, take), catalogues, meter, utc_now).routes,
            ],
            ready=always_ready,
            document=feedback_openapi.document,
        )
    }
