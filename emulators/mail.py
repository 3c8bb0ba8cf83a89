"""A mail server on a laptop: takes what is sent over SMTP into the sandbox's memory, or fails as it is told."""

import asyncio
import logging
from email import message_from_bytes, policy
from email.message import EmailMessage
from http import HTTPStatus
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from emulators.playing import Played
from emulators.provider import Answer, Provider

_REPLIES = {
    HTTPStatus.OK: "250 2.0.0 Ok",
    HTTPStatus.BAD_REQUEST: "554 5.7.1 Refused",
    HTTPStatus.TOO_MANY_REQUESTS: "451 4.7.1 Too many, come later",
    HTTPStatus.NOT_FOUND: "550 5.1.1 No such mailbox",
}


class Mail(Controller):
    """The server on 127.0.0.1, in a thread of its own from `start` to `stop`."""

    def __init__(self, port: int, played: Played | None, provider: Provider, **options: Any) -> None:
        """Play a mail server on a port; `options` are those of the SMTP session, such as a context for TLS."""
        self._played = played

        def knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
            given = isinstance(data, LoginPassword) and b":".join((data.login, data.password)).decode()
            return AuthResult(success=bool(played and given == played.secret), handled=False)

        logging.getLogger("mail.log").setLevel(logging.ERROR)  # the library warns of itself there
        options = {"auth_require_tls": False, "authenticator": knows, **options}
        super().__init__(_Handler(played, provider), hostname="127.0.0.1", port=port, **options)


class _Handler:
    def __init__(self, played: Played | None, provider: Provider) -> None:
        self._channel = played.channels[0] if played and played.channels else "email"
        self._connector = played.connector if played else "mail"
        self._needs_login = bool(played and played.secret)
        self._provider = provider

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._needs_login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self._provider.mode_of(self._channel) == "bounce":
            return _REPLIES[HTTPStatus.NOT_FOUND]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        message = message_from_bytes(content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        headers = {name.lower(): str(value) for name, value in message.items()}
        parts = {kind: message.get_body((kind,)) for kind in ("html", "plain")}
        body = {
            "to": envelope.rcpt_tos[0],
            "subject": headers.get("subject", ""),
            **{kind: part.get_content() for kind, part in parts.items() if part is not None},
        }
        delivery_id = headers.get("message-id", "").strip("<>").partition("@")[0]

        def taken() -> Answer:
            return self._provider.take(
                self._channel,
                delivery_id,
                headers,
                body,
                connector=self._connector,
                to=envelope.rcpt_tos[0],
                accepted=Answer(HTTPStatus.OK, None),
            )

        answer = await asyncio.get_running_loop().run_in_executor(None, taken)
        if answer.malformed:
            return "what? \x01\x02"
        return _REPLIES.get(answer.status, "451 4.3.0 Not now")
