"""The taxonomy of errors. What is raised says what the boundary answers; nobody below the boundary knows HTTP."""

from __future__ import annotations


class KairosError(Exception):
    """Anything anticipated. Its text is for people: what was wrong, where, what to do."""


class PermanentError(KairosError):
    """Trying again cannot help: the message is parked with its reason and acknowledged."""


class TransientError(KairosError):
    """Trying again later may help: the message is redelivered.

    Attributes:
        retry_after: seconds before which the other side asked not to be tried again, where it did.
    """

    def __init__(self, *said: object, retry_after: float | None = None) -> None:
        super().__init__(*said)
        self.retry_after = retry_after


class NotTakenError(TransientError):
    """The other side said that it did not take it, this time: it is certain that nothing was done."""


class StaleError(TransientError):
    """A guarded commit found that what it had read has changed since."""


class AlreadyExistsError(KairosError):
    """A document to be created is there already: somebody did this work before."""


class ConflictError(KairosError):
    """What is asked does not fit the state that things have by now: a step is missing, or somebody else was faster."""


class OversizedError(PermanentError):
    """More belongs together than may be written at once; nothing is written."""


class BouncedError(PermanentError):
    """The other side said that the address is none, or takes nothing any more."""


class ErasedError(PermanentError):
    """The person was erased: their key is destroyed, and what was sealed under it opens for nobody."""


class NotFoundError(KairosError):
    """Something named is not there."""


class InvalidError(PermanentError):
    """Input that does not fit, with the field that is wrong.

    Attributes:
        field: path of the offending field, such as `identifiers.customer_no`; empty for the whole.
    """

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}" if self.field else self.detail


class UnauthenticatedError(KairosError):
    """The caller did not prove who it is."""


class ForbiddenError(KairosError):
    """The caller is known and may not do this."""
