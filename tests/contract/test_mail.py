"""Mail to a real server, over STARTTLS and TLS, with replies of every kind."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from emulators.mail import Mail
from emulators.playing import Played
from emulators.ports import Ports
from emulators.provider import Provider
from shared.adapters import memory
from shared.adapters.channels import Connectors
from shared.adapters.channels.egress import Egress
from shared.domain.catalogue import Basic, SmtpConnector
from shared.domain.errors import BouncedError, NotTakenError, PermanentError, TransientError
from tests.contract.test_connectors import facts

HOST = "smtp.hallam.example"
RELAY = SmtpConnector(id="relay", name="Relay", host=HOST, sender="Hallam <clients@hallam.example>")


def certificate(folder: Path, name: str) -> tuple[Path, ssl.SSLContext]:
    """One that a server of that name shows, and what it serves with."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return file, context


@pytest.fixture
def ports() -> Iterator[Ports]:
    reserved = Ports()
    yield reserved
    reserved.release()


def sender(port: int, scheme: str, **secrets: str) -> Connectors:
    known = memory.Secrets()
    for name, value in secrets.items():
        known.add(f"kairos-connector-{name}", value.encode())
    return Connectors(known, Egress({HOST: f"{scheme}://127.0.0.1:{port}"}))


@pytest.mark.parametrize("shown", [HOST, "smtp.evil.example"])
def test_mail_goes_over_starttls_to_who_proves_the_hosts_name_and_to_nobody_else(tmp_path, monkeypatch, ports, shown):
    trusted, context = certificate(tmp_path, shown)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    provider = Provider()
    mail = Mail(ports.take_all(["mail"], {})["mail"], None, provider, tls_context=context, require_starttls=True)
    mail.start()
    try:
        sending = sender(mail.port, "smtp+starttls")
        if shown == HOST:
            assert sending.send(RELAY, "v-1", "zoe@b.example", facts()).reference == "<v-1@hallam.example>"
            assert [message["delivery_id"] for message in provider.received()] == ["v-1"]
        else:
            with pytest.raises(NotTakenError, match=HOST):
                sending.send(RELAY, "v-1", "zoe@b.example", facts())
        with pytest.raises((NotTakenError, PermanentError)):
            sender(mail.port, "smtp").send(RELAY, "v-2", "zoe@b.example", facts())  # in the clear
    finally:
        mail.stop()


REPLIES = {
    "450 4.2.1 busy": NotTakenError,
    "452 4.3.1 full": NotTakenError,
    "550 5.1.1 unknown": BouncedError,
    "554 5.7.1 no": PermanentError,
}


class Answering:
    """A server's handler that answers as told at one step."""

    def __init__(self) -> None:
        self.rcpt, self.data = "250 Ok", "250 Ok"

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802 - aiosmtpd's name
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server, _session, _envelope):  # noqa: N802 - aiosmtpd's name
        return self.data


def test_replies_are_told_apart_at_the_address_and_at_the_message(ports):
    mail = Mail(ports.take_all(["mail"], {})["mail"], None, Provider())
    answering = mail.handler = Answering()
    mail.start()
    try:
        sending = sender(mail.port, "smtp")
        for reply, expected in REPLIES.items():
            answering.rcpt = reply
            with pytest.raises(expected) as raised:
                sending.send(RELAY, "v-1", "zoe@b.example", facts())
            assert type(raised.value) is expected
        answering.rcpt = "250 Ok"
        for reply, expected in (("451 later", NotTakenError), ("552 too big", PermanentError), ("x", TransientError)):
            answering.data = reply
            with pytest.raises(expected) as raised:
                sending.send(RELAY, "v-1", "zoe@b.example", facts())
            assert type(raised.value) is expected
    finally:
        mail.stop()


def test_a_login_that_is_wrong_or_missing_takes_nothing(ports):
    provider = Provider()
    played = Played("relay", HOST, ["email"], secret="me:right", is_mail=True)
    mail = Mail(ports.take_all(["mail"], {})["mail"], played, provider)
    mail.start()
    known = msgspec.structs.replace(RELAY, authentication=Basic(secret="kairos-connector-relay"))
    try:
        with pytest.raises(NotTakenError, match="530"):
            sender(mail.port, "smtp").send(RELAY, "v-1", "zoe@b.example", facts())
        with pytest.raises(NotTakenError, match="535"):
            sender(mail.port, "smtp", relay="me:wrong").send(known, "v-1", "zoe@b.example", facts())
    finally:
        mail.stop()
    assert provider.received() == []


def test_a_login_that_mail_cannot_say_is_not_repeated():
    declared = msgspec.structs.replace(RELAY, authentication=Basic(secret="kairos-connector-relay"))
    with pytest.raises(NotTakenError, match="kairos-connector-relay holds more than ASCII") as raised:
        sender(1, "smtp", relay="me:pässword").send(declared, "v-1", "zoe@b.example", facts())
    assert "ssword" not in repr(raised.value)
