"""Files of connectors/: providers that messages are sent to."""

from __future__ import annotations

from shared.authoring.forms.form import Form
from shared.domain.catalogue import HttpConnector, SmtpConnector


class Connectors(Form, frozen=True, kw_only=True):
    """A file of connectors/.

    Attributes:
        connectors: in any order.
    """

    connectors: tuple[HttpConnector | SmtpConnector, ...]
