"""What keeps the local platform from starting."""


class CannotStartError(Exception):
    """This machine lacks something: `what`, and `how` it is got."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(f"{what} {how}")
        self.what = what
        self.how = how
