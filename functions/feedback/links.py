"""The HTTP side of links that people follow: `/c/` a click, `/o/` an opening, `/u/` an unsubscription.

Anybody may ask who has a link. A person who clicks gets where they want to be, be the click counted or not; one who
unsubscribes hears that it was done only once it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from werkzeug.wrappers import Request, Response

from functions.feedback import pages
from functions.feedback.following import Follow, Wish
from shared.domain.errors import InvalidError, TransientError
from shared.ports import Catalogues, Clock
from shared.runtime.metering import RequestMeter
from shared.runtime.service import Route, read_form
from shared.runtime.telemetry import log

_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
"""Headers in which browsers say that they only look ahead."""

_WISHES: Mapping[str | None, Wish] = {"unsubscribe": "unsubscribe", "objection": "objection"}


class LinkPages:
    """Answers whoever follows a link."""

    def __init__(self, follow: Follow, catalogues: Catalogues, meter: RequestMeter, clock: Clock) -> None:
        """Name brands and channels as the live revision does."""
        self._follow = follow
        self._catalogues = catalogues
        self._meter = meter
        self._clock = clock

    @property
    def routes(self) -> Sequence[Route]:
        """Their routes."""
        return [
            ("GET", "/c/<token>", self.click),
            ("GET", "/o/<token>.gif", self.opening),
            ("GET", "/u/<token>", self.leave),
            ("POST", "/u/<token>", self.left),
        ]

    def click(self, request: Request, token: str) -> Response:
        """Count a click, and lead on."""
        try:
            target = self._follow.target(token)
        except InvalidError:
            return pages.no_link()
        if is_a_persons(request):
            self._counted(lambda: self._follow.clicked(token, self._clock()))
        return pages.redirect(target)

    def opening(self, request: Request, token: str) -> Response:
        """Count an opening, and show the picture."""
        try:
            delivery_id = self._follow.message(token)
        except InvalidError:
            return pages.no_link()
        if is_a_persons(request):
            self._counted(lambda: self._follow.opened(delivery_id, self._clock()))
        return pages.pixel()

    def leave(self, _request: Request, token: str) -> Response:
        """Ask whether to unsubscribe."""
        try:
            with self._meter.request():
                delivery = self._follow.leaving(token)
        except InvalidError:
            return pages.no_link()
        if delivery is None:
            return pages.left()
        revision = self._catalogues.current().revision
        brand, channel = revision.brands.get(delivery.brand), revision.channels.get(delivery.channel)
        named = brand.name if brand else delivery.brand, channel.name.lower() if channel else delivery.channel
        return pages.leave(*named, delivery.purpose)

    def left(self, request: Request, token: str) -> Response:
        """Unsubscribe: by one click of RFC 8058, or by a button of the page.

        Raises:
            InvalidError: it asks for neither.
            TransientError: it could not be kept; asking again does no harm.
        """
        form = read_form(request)
        one_click = form.get("List-Unsubscribe") == "One-Click"
        wish = "unsubscribe" if one_click else _WISHES.get(form.get("wish"))
        if wish is None:
            raise InvalidError("send List-Unsubscribe=One-Click, as RFC 8058 has it", field="List-Unsubscribe")
        try:
            with self._meter.request():
                self._follow.left(token, wish, self._clock())
        except InvalidError:
            return pages.no_link()
        return pages.left()

    def _counted(self, count: Callable[[], None]) -> None:
        with self._meter.request():
            try:
                count()
            except TransientError as error:
                log("ERROR", f"feedback: what somebody followed was not counted: {error}")


def is_a_persons(request: Request) -> bool:
    """Whether a person may be behind a request: scanners ask with HEAD, and browsers say when they look ahead."""
    said = " ".join(request.headers.get(name, "") for name in _AHEAD).lower()
    return request.method == "GET" and not any(word in said for word in ("prefetch", "prerender", "preview"))
