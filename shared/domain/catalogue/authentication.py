"""How a source proves who it is, and how fast it may send: declared beside the source, the secrets only by name."""

from typing import Annotated, Literal

from msgspec import Meta

from shared.domain.part import Header, HttpsAddress, Part, SecretName, Text

KEYRING = "kairos-source-keys"
"""The secret that names the callers of all sources that say nothing else."""

WINDOW_SECONDS = 300
"""How far the time that a sender has signed may be from ours, unless its source says otherwise."""

Tolerance = Annotated[int, Meta(ge=1, le=86_400)]


class KeyringKey(Part, frozen=True, kw_only=True, tag="keyring", tag_field="kind"):
    """The key of a caller whom a keyring names, with the sources that it may send as.

    Attributes:
        secret: holds the keyring.
    """

    secret: SecretName = KEYRING


class SourceKey(Part, frozen=True, kw_only=True, tag="key", tag_field="kind"):
    """A key of this source alone.

    Attributes:
        secret: holds the key.
        header: where it stands, besides the places where a key may always stand.
    """

    secret: SecretName
    header: Header = "x-api-key"


class PublicKey(Part, frozen=True, kw_only=True, tag="public_key", tag_field="kind"):
    """A key that everybody can read in a page: it writes, as this source alone, from the source's origins alone.

    Attributes:
        secret: holds the key.
    """

    secret: SecretName


class StandardWebhooks(Part, frozen=True, kw_only=True, tag="standard_webhooks", tag_field="kind"):
    """A signature over id, time and body, as Standard Webhooks has it.

    Attributes:
        secret: holds what it is made with, as `whsec_` and base64.
        prefix: what the names of its three headers begin with.
        tolerance_seconds: how far the time signed may be from ours.
    """

    secret: SecretName
    prefix: Header = "webhook"
    tolerance_seconds: Tolerance = WINDOW_SECONDS


class TimedSignature(Part, frozen=True, kw_only=True, tag="timed_signature", tag_field="kind"):
    """A signature over time and body, both in one header: `t=1700000000,v1=…` in hexadecimal.

    Attributes:
        secret: holds what it is made with.
        header: where it stands.
        scheme: what the signature is called there.
        tolerance_seconds: how far the time signed may be from ours.
    """

    secret: SecretName
    header: Header = "signature"
    scheme: Text = "v1"
    tolerance_seconds: Tolerance = WINDOW_SECONDS


class BodySignature(Part, frozen=True, kw_only=True, tag="body_signature", tag_field="kind"):
    """A signature over the body, in hexadecimal, with or without `sha256=` before it. It tells no time: what it lets in
    again is the same signal.

    Attributes:
        secret: holds what it is made with.
        header: where it stands.
        digest: which digest it is made of.
    """

    secret: SecretName
    header: Header = "x-hub-signature-256"
    digest: Literal["sha256", "sha1"] = "sha256"


class KeyPairSignature(Part, frozen=True, kw_only=True, tag="key_pair_signature", tag_field="kind"):
    """A signature over time and body by a private key that the sender alone has, ECDSA over SHA-256 in base64, as
    SendGrid's event webhook has it.

    Attributes:
        secret: holds the public key, as base64 of its DER, with or without the lines of PEM.
        header: where the signature stands.
        timestamp_header: where the time signed stands, in seconds since 1970.
        tolerance_seconds: how far the time signed may be from ours.
    """

    secret: SecretName
    header: Header = "x-twilio-email-event-webhook-signature"
    timestamp_header: Header = "x-twilio-email-event-webhook-timestamp"
    tolerance_seconds: Tolerance = WINDOW_SECONDS


class AddressSignature(Part, frozen=True, kw_only=True, tag="address_signature", tag_field="kind"):
    """A signature over the address that is called and the fields of the form sent there, HMAC-SHA1 in base64, as Twilio
    has it. Of any other body the address has the digest, as its `bodySHA256`. It tells no time.

    Attributes:
        secret: holds what it is made with.
        header: where it stands.
    """

    secret: SecretName
    header: Header = "x-twilio-signature"


class TokenSignature(Part, frozen=True, kw_only=True, tag="token_signature", tag_field="kind"):
    """A signature over a time and a random token, HMAC-SHA256 in hexadecimal, all three in the body as its `signature`,
    as Mailgun has it. It does not cover the rest of the body: who has seen one may say anything until its time is over.

    Attributes:
        secret: holds what it is made with.
        tolerance_seconds: how far the time signed may be from ours.
    """

    secret: SecretName
    tolerance_seconds: Tolerance = WINDOW_SECONDS


class OidcToken(Part, frozen=True, kw_only=True, tag="oidc", tag_field="kind"):
    """A token that an issuer has signed for one of its accounts, as a bearer token.

    Attributes:
        issuer: who signs, as the token's `iss`.
        keys: where its public keys are, as a JSON Web Key Set.
        audience: whom the token is for, as its `aud`.
        subjects: the accounts that may send, as its `sub` or its verified `email`.
    """

    issuer: Text
    keys: HttpsAddress
    audience: Text
    subjects: Annotated[tuple[Text, ...], Meta(min_length=1)]


Signed = StandardWebhooks | TimedSignature | BodySignature | KeyPairSignature | AddressSignature | TokenSignature
"""Ways in which a request carries a signature."""

Authentication = KeyringKey | SourceKey | PublicKey | Signed | OidcToken
"""One way in which a source may prove who it is."""


class RateLimit(Part, frozen=True, kw_only=True):
    """How fast a source may send, as each instance of ingest counts.

    Attributes:
        per_second: signals a second, for long.
        burst: signals at once.
    """

    per_second: Annotated[float, Meta(gt=0)]
    burst: Annotated[int, Meta(ge=1)]
