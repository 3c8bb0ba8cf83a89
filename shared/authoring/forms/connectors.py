"""Files of connectors/: providers that messages are sent to, services that templates take texts from."""

from __future__ import annotations

from shared.authoring.forms.form import Form
from shared.domain.catalogue import ContentService, HttpConnector, SmtpConnector


class Connectors(Form, frozen=True, kw_only=True):
    """A file of connectors/.

    Attributes:
        connectors: providers that messages are sent to, in any order.
        content_services: services that templates take texts from, in any order.
    """

    connectors: tuple[HttpConnector | SmtpConnector, ...] = ()
    content_services: tuple[ContentService, ...] = ()
