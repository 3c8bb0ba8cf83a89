"""Channels' providers as the catalogue's connectors declare them: the port `ChannelProvider` over HTTP and SMTP."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from shared.adapters.channels.authenticating import Authenticator
from shared.adapters.channels.egress import Egress
from shared.adapters.channels.exchange import Exchange, HttpAnswer
from shared.domain.catalogue import Connector, HttpConnector, SmtpConnector
from shared.domain.catalogue.connectors import TIMEOUT_SECONDS
from shared.domain.outgoing import raise_unless_sent, request, understood
from shared.ports import Clock, Receipt, Secrets

LONGEST_WAIT_SECONDS = 86_400.0
"""What a Retry-After counts for at the most."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Connectors:
    """The port `ChannelProvider`: sends through any connector."""

    def __init__(self, secrets: Secrets, egress: Egress, clock: Clock = _utc_now) -> None:
        """Prove who we are by `secrets`, go out by `egress`, and sign for the time that `clock` says."""
        self._exchange = Exchange(egress)
        self._authenticator = Authenticator(secrets, self._exchange, clock)
        self._egress = egress
        self._clock = clock

    def send(
        self, connector: Connector, delivery_id: str, address: str | None, payload: Mapping[str, object]
    ) -> Receipt:
        """Send once, with the delivery id as idempotency key."""
        facts = {**payload, "address": address}
        if isinstance(connector, SmtpConnector):
            # mail's library is not light, and most instances send none
            from shared.adapters.channels.smtp import send_mail  # noqa: PLC0415

            return send_mail(connector, delivery_id, facts, self._authenticator, self._egress, self._clock())
        return self._post(connector, delivery_id, facts)

    def _post(self, connector: HttpConnector, delivery_id: str, facts: Mapping[str, object]) -> Receipt:
        deadline = time.monotonic() + (connector.timeout_seconds or TIMEOUT_SECONDS)
        wanted = request(connector, delivery_id, facts)

        def attempt(*, renewed: bool) -> HttpAnswer:
            seconds = deadline - time.monotonic()
            proof = self._authenticator.headers(
                connector.authentication, delivery_id, wanted.body, seconds, renewed=renewed
            )
            headers = {**wanted.headers, **proof}
            return self._exchange(wanted.method, wanted.url, headers, wanted.body, deadline - time.monotonic())

        answer = attempt(renewed=False)
        if answer.status == 401 and connector.authentication is not None:
            answer = attempt(renewed=True)  # a secret or a token was changed meanwhile
        meaning = understood(connector, answer.status, answer.headers, answer.body)
        later = _seconds(answer.headers.get("retry-after", ""), self._clock())
        raise_unless_sent(connector, meaning, f"the provider answered {answer.status}", later)
        return Receipt(meaning.reference)


def _seconds(text: str, now: datetime) -> float | None:
    """What a Retry-After says, in seconds; None where it says nothing that can be read."""
    if text.isascii() and text.isdecimal():
        return min(float(text), LONGEST_WAIT_SECONDS)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return min(max((at - now).total_seconds(), 0.0), LONGEST_WAIT_SECONDS)
