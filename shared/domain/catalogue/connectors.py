"""Connectors: how a channel's messages reach its provider. Declared, with secrets by name; no code for any of them.

A text in a connector may hold places, which are filled for each message: `${address}` has to be there,
`${content.link?}` leaves out the field that is nothing else where it is not, and `${content.preheader:-Read on}` says
what stands in its stead. A place that is a whole text keeps its value's type.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from shared.domain.catalogue.pacing import SendRate
from shared.domain.part import Id, Name, Part, Pounds, Text

CONNECTOR_SECRET = r"^kairos-connector-[a-z0-9-]{1,64}$"  # noqa: S105 - what a name looks like
HEADER_NAME = r"^[A-Za-z][A-Za-z0-9-]*$"
HOST = r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$"
ENDPOINT = r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?$"
STATUS = r"^[1-5]xx$"
FRAGMENT = r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*$"
MAILBOX = r"^[^<>\r\n]*<?[^<>@\s]+@[^<>@\s]+>?$"

Secret = Annotated[str, Meta(pattern=CONNECTOR_SECRET)]
HeaderName = Annotated[str, Meta(pattern=HEADER_NAME)]
Host = Annotated[str, Meta(pattern=HOST)]
Endpoint = Annotated[str, Meta(pattern=ENDPOINT)]
Status = Annotated[int, Meta(ge=100, le=599)] | Annotated[str, Meta(pattern=STATUS)]
Mailbox = Annotated[str, Meta(pattern=MAILBOX)]
Seconds = Annotated[float, Meta(gt=0, le=15)]

Verdict = Literal["sent", "not_taken", "transient", "permanent", "bounce"]
"""What an answer means: taken; not taken, this time; perhaps taken; refused for good; the address is none."""


class Bearer(Part, frozen=True, kw_only=True, tag="bearer", tag_field="kind"):
    """A token in the header `authorization`.

    Attributes:
        secret: holds the token.
    """

    secret: Secret


class Basic(Part, frozen=True, kw_only=True, tag="basic", tag_field="kind"):
    """A user and a password, by HTTP's Basic scheme or SMTP's AUTH.

    Attributes:
        secret: holds both, as `user:password`.
    """

    secret: Secret


class HeaderKey(Part, frozen=True, kw_only=True, tag="header_key", tag_field="kind"):
    """A key in a header of its own.

    Attributes:
        header: its name.
        secret: holds the key.
    """

    header: HeaderName
    secret: Secret


class ClientCredentials(Part, frozen=True, kw_only=True, tag="client_credentials", tag_field="kind"):
    """A token by OAuth 2 client credentials, kept until shortly before it lapses, and sent as a bearer token.

    Attributes:
        token_url: where it is had.
        secret: holds client and secret, as `client:secret`.
        scope: what it is for; empty where the issuer asks for none.
        header: another header to send the client's id in, as Adobe wants.
    """

    token_url: Endpoint
    secret: Secret
    scope: str = ""
    header: HeaderName | None = None


class ServiceAccount(Part, frozen=True, kw_only=True, tag="service_account", tag_field="kind"):
    """A token by an assertion that a service account signs (RFC 7523), kept and sent as of client credentials.

    Attributes:
        token_url: where it is had.
        secret: holds the account's key as Google gives it: JSON with `client_email`, `private_key`, `private_key_id`.
        scope: what it is for.
    """

    token_url: Endpoint
    secret: Secret
    scope: Text


class Hmac(Part, frozen=True, kw_only=True, tag="hmac", tag_field="kind"):
    """A signature over the body, by HMAC with SHA-256, in hexadecimal.

    Attributes:
        header: where it stands.
        secret: what it is made with.
        prefix: what stands before it, such as `sha256=`.
    """

    secret: Secret
    header: HeaderName = "x-signature-256"
    prefix: str = ""


class SignedWebhook(Part, frozen=True, kw_only=True, tag="standard_webhooks", tag_field="kind"):
    """The signature of Standard Webhooks over delivery id, time and body.

    Attributes:
        secret: what it is made with, as `whsec_` and base64.
    """

    secret: Secret


HttpAuthentication = Bearer | Basic | HeaderKey | ClientCredentials | ServiceAccount | Hmac | SignedWebhook


class Answer(Part, frozen=True, kw_only=True):
    """What an answer means. The first that fits counts; where none does, 2xx is taken, with `body.id` as reference,
    401, 425 and 429 are not taken, 408 and 5xx perhaps, and all others are refused for good.

    Attributes:
        means: what has become of the message.
        status: the statuses that it is about, such as 429 or 5xx; any where it says none.
        body: values of fields of the JSON answer, by path, that it is about.
        reference: where the provider's own id of the message stands: `body.PATH` or `header.NAME`.
        reason: where the answer says why, likewise.
    """

    means: Verdict
    status: tuple[Status, ...] = ()
    body: dict[str, str | int | bool] = msgspec.field(default_factory=dict)
    reference: str | None = None
    reason: str | None = None


class _Connector(Part, frozen=True, kw_only=True):
    """What all connectors have.

    Attributes:
        id: what channels call it: the name of its file.
        name: what people call it.
        price: pounds per message.
        rate_limit: how fast all instances together may send to it; as fast as the channel where it says nothing.
        timeout_seconds: how long it may take to answer; as long as the channel says, where it says nothing.
        person: attributes of the person that its texts may read; no others leave us.
    """

    id: Id
    name: Text
    price: Pounds = 0.0
    rate_limit: SendRate | None = None
    timeout_seconds: Seconds | None = None
    person: tuple[Name, ...] = ()


class HttpConnector(_Connector, frozen=True, kw_only=True, tag="http", tag_field="kind"):
    """A provider over HTTP. Redirects are not followed.

    Attributes:
        url: where it takes messages. Places may stand in its path and query, not in its host.
        authentication: how we prove who we are; not at all where it says nothing.
        method: of the request.
        headers: further headers.
        encoding: of the body.
        body: what it is sent.
        answers: what its answers mean, the first that fits.
    """

    url: Endpoint
    authentication: HttpAuthentication | None = None
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[HeaderName, Text] = msgspec.field(default_factory=dict)
    encoding: Literal["json", "form"] = "json"
    body: dict[str, Any] = msgspec.field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


class SmtpConnector(_Connector, frozen=True, kw_only=True, tag="smtp", tag_field="kind"):
    """A mail server. A message carries the delivery's id as its own, by which a repetition can be told.

    Attributes:
        host: of the server.
        port: of the server.
        security: how it is encrypted: `starttls` before anything is said, `tls` from the first byte, or `none`.
        authentication: user and password; none where it says nothing.
        sender: in whose name, such as `Northmoor <hello@northmoor.example>`; the part behind the @ is that of its ids.
        reply_to: where answers go.
        subject: of the message.
        html: its body.
        text: the same for those who read plain text; made from the html where it says nothing.
        headers: further headers.
    """

    host: Host
    sender: Mailbox
    port: Annotated[int, Meta(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    authentication: Basic | None = None
    reply_to: Mailbox | None = None
    subject: Text = "${content.subject}"
    html: Text = "${content.body}"
    text: Text | None = None
    headers: dict[HeaderName, Text] = msgspec.field(default_factory=dict)


class FragmentField(Part, frozen=True, kw_only=True):
    """A field of a content service's answers.

    Attributes:
        path: where it stands in the JSON, such as `data.item.title`.
        markup: whether it is HTML, which is not escaped where HTML stands.
    """

    path: Text
    markup: bool = False


class ContentService(Part, frozen=True, kw_only=True):
    """A service that templates take texts from, as anybody may. What it says is kept for as long as it allows.

    Attributes:
        id: what treatments call it.
        name: what people call it.
        url: where a fragment is; `${fragment}` stands for its path, `${language}` for the language of the text.
        fields: what templates read as `fragment.NAME`.
        max_age_seconds: how long an answer is taken as it is, where that says nothing of it.
        stale_seconds: how long after that it still serves when the service fails, where the answer says nothing.
        timeout_seconds: how long it may take to answer; then the template falls back.
    """

    id: Id
    name: Text
    url: Endpoint
    fields: dict[Name, FragmentField]
    max_age_seconds: Annotated[int, Meta(ge=0, le=86400)] = 300
    stale_seconds: Annotated[int, Meta(ge=0, le=86400)] = 86400
    timeout_seconds: Annotated[float, Meta(gt=0, le=5)] = 0.5


class Fragment(Part, frozen=True, kw_only=True):
    """What a treatment takes from a content service.

    Attributes:
        service: its id.
        path: of the fragment, such as `northmoor/cash-isa`.
    """

    service: str
    path: Annotated[str, Meta(pattern=FRAGMENT)]


TIMEOUT_SECONDS = 10.0
"""How long a provider may take to answer of which nobody says."""

Connector = HttpConnector | SmtpConnector
"""A provider that messages are sent to."""
