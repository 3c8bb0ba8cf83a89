"""Mail over SMTP: one message, under the delivery's id as its own."""

from __future__ import annotations

import io
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime
from functools import partial
from typing import Any

from shared.adapters.channels.authenticating import Authenticator
from shared.adapters.channels.egress import Egress, Way
from shared.adapters.channels.exchange import TimedReads, said_of, seconds_left
from shared.domain.catalogue import SmtpConnector, Verdict
from shared.domain.catalogue.connectors import TIMEOUT_SECONDS
from shared.domain.errors import BouncedError, NotTakenError, PermanentError, TransientError
from shared.domain.outgoing import Understood, fill, filled_headers, raise_unless_sent
from shared.domain.plain_text import plain_text
from shared.ports import Receipt

_BY_CLASS: Mapping[int, Verdict] = {2: "sent", 4: "not_taken", 5: "permanent"}
"""What a reply means; any other is none, and the message may have been taken."""

_WHO_ARE_YOU = 530
"""The server wants a login: that is about us, not about the message."""

_BROKEN = (OSError, smtplib.SMTPServerDisconnected, ValueError)


def send_mail(
    connector: SmtpConnector,
    delivery_id: str,
    facts: Mapping[str, Any],
    authenticator: Authenticator,
    egress: Egress,
    now: datetime,
) -> Receipt:
    """Send one message.

    Raises:
        BouncedError: the server says that the address is none, or it is no mail address at all.
        PermanentError: the server refuses the message for good, or it would break out of a header.
        NotTakenError: the server did not take it this time.
        TransientError: it may have taken it: it had all of it and did not answer.
    """
    message = mail(connector, delivery_id, facts, now)
    way_in = connector.authentication
    login = authenticator.secret(way_in.secret) if way_in else None
    if way_in and login and not login.isascii():
        raise NotTakenError(f"{connector.id}: the secret {way_in.secret} holds more than ASCII")
    seconds = connector.timeout_seconds or TIMEOUT_SECONDS
    left = partial(seconds_left, time.monotonic() + seconds)
    way = egress.way(connector.host, connector.port, security=connector.security, seconds=seconds)
    server = _Server(connector.host, way, left)
    try:
        server.begin(connector.port, login)
        return _handed_over(connector, server, message)
    finally:
        server.leave()


def mail(connector: SmtpConnector, delivery_id: str, facts: Mapping[str, Any], now: datetime) -> EmailMessage:
    """The message, whole.

    Raises:
        BouncedError: the address is no mail address.
        PermanentError: it reads what is not there, or would break out of a header.
    """
    address = str(facts.get("address") or "")
    try:
        to = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError):
        raise BouncedError(f"{connector.id}: the contact point is no mail address") from None
    links = facts.get("links") or {}
    names = {
        "Subject": connector.subject,
        "From": connector.sender,
        **({"Reply-To": connector.reply_to} if connector.reply_to else {}),
        **connector.headers,
    }
    headers = filled_headers(connector.id, names, facts)
    if "list_unsubscribe" in links:
        headers["List-Unsubscribe"] = links["list_unsubscribe"]
        headers["List-Unsubscribe-Post"] = links["list_unsubscribe_post"]
    message = EmailMessage(policy=POLICY)
    try:
        for name, value in headers.items():
            message[name] = value
        message["To"] = to
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{delivery_id}@{message['From'].addresses[0].domain}>"
    except (ValueError, IndexError, TypeError, MessageError) as error:
        raise PermanentError(f"{connector.id}: a header is none: {type(error).__name__}") from None
    html = str(fill(connector.id, connector.html, facts))
    text = str(fill(connector.id, connector.text, facts)) if connector.text else ""
    message.set_content(text or plain_text(html))
    message.add_alternative(html, subtype="html")
    return message


class _Server(smtplib.SMTP):
    """A server at one address, whatever its name means by now, which answers in time or not at all."""

    def __init__(self, host: str, way: Way, left: Callable[[], float]) -> None:
        self._way, self._left = way, left
        super().__init__(timeout=left())
        self._host = host  # for TLS, by which it proves its name

    def begin(self, port: int, login: str | None) -> None:
        """Connect, encrypt, and say who we are.

        Raises:
            NotTakenError: it does not let us.
        """
        try:
            self.connect(self._host, port)
            self.ehlo()
            if self._way.security == "starttls":
                self.starttls(context=ssl.create_default_context())
                self.ehlo()
            if login is not None:
                user, _, password = login.partition(":")
                self.login(user, password)
        except smtplib.SMTPResponseException as error:
            raise NotTakenError(f"{self._host}: the server answered {error.smtp_code}") from None
        except (*_BROKEN, smtplib.SMTPException) as error:
            raise NotTakenError(f"{self._host}: no session: {said_of(error)}") from None

    def leave(self) -> None:
        """End the session; nothing depends on how."""
        self.close()

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(TimedReads(self.sock, self._left))
        return super().getreply()

    def _get_socket(self, host: str, _port: int, _timeout: float) -> socket.socket:
        found = socket.create_connection(self._way[:2], timeout=self._left())
        if self._way.security == "tls":
            return ssl.create_default_context().wrap_socket(found, server_hostname=host)
        return found


def _handed_over(connector: SmtpConnector, server: _Server, message: EmailMessage) -> Receipt:
    sender, to = message["From"].addresses[0].addr_spec, message["To"].addresses[0].addr_spec
    international = not (sender.isascii() and to.isascii())
    if international and not server.has_extn("smtputf8"):
        raise PermanentError(f"{connector.id}: the server takes no addresses beyond ASCII")
    data = message.as_bytes(policy=POLICY.clone(utf8=international))
    begun = False
    try:
        _check(connector, "the sender", *server.mail(sender, ["SMTPUTF8", "BODY=8BITMIME"] if international else []))
        _check(connector, "the address", *server.rcpt(to), addressed=True)
        begun = True
        _check(connector, "the message", *server.data(data))
    except smtplib.SMTPDataError as error:
        _check(connector, "the message", error.smtp_code, error.smtp_error)
    except (*_BROKEN, smtplib.SMTPException) as error:
        kind = TransientError if begun else NotTakenError
        raise kind(f"{connector.id}: {said_of(error)}") from None
    return Receipt(str(message["Message-ID"]))


def _check(connector: SmtpConnector, what: str, code: int, said: bytes | str, *, addressed: bool = False) -> None:
    """Raise what a reply means that is no success."""
    text = said if isinstance(said, str) else said.decode(errors="replace")
    means: Verdict = "not_taken" if code == _WHO_ARE_YOU else _BY_CLASS.get(code // 100, "transient")
    if means == "permanent" and addressed and (text.startswith("5.1.") or code in (550, 551, 553)):
        means = "bounce"
    answer = Understood(means, None, text.partition("\n")[0][:200])
    raise_unless_sent(connector, answer, f"the server answered {code} to {what}", None)
