"""Eligibility: apply engagement policy; what is left goes on, and when nothing is left the decision ends here."""

from __future__ import annotations

from datetime import datetime

from shared.domain.decision import DecisionRecord, Result
from shared.domain.engagement import Slots, qualify
from shared.domain.errors import NotFoundError, TransientError
from shared.domain.outbound.opening import open_channels
from shared.domain.ranking import packed
from shared.messages import ActionsQualified, HistoryRow, SignalIdentified
from shared.messages.rows import decision_row
from shared.ports import Catalogues


class Qualify:
    """The use case over its ports. It reads no database: the person came with the message."""

    def __init__(self, catalogues: Catalogues) -> None:
        """Decide by the revision that each message names."""
        self._catalogues = catalogues

    def __call__(
        self, identified: SignalIdentified, now: datetime, slots: Slots | None = None
    ) -> tuple[ActionsQualified | HistoryRow]:
        """The treatments this person may have in these slots, by default on any outbound channel that the signal
        leaves open; or the record of a decision that ends with none.
        """
        try:
            policy = self._catalogues.get(identified.revision)
        except NotFoundError as error:  # published a moment ago and not yet seen here
            raise TransientError(str(error)) from error
        slots = slots or Slots(channels=open_channels(identified.signal, policy.revision.outbound))
        qualified = qualify(policy, identified.profile, identified.signal, slots, identified.decided_at)
        if not qualified.rows:
            result: Result = "excluded" if qualified.excluded_by else "nothing_qualified"
            record = DecisionRecord(
                **identified.carried(),
                reserved_at=identified.decided_at,
                result=result,
                slots=slots,
                excluded_by=qualified.excluded_by,
            )
            return (decision_row(record),)
        return (identified.qualified(slots, packed(qualified.rows), now),)
