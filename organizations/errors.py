"""Refusals. Each is a sentence for a person; pages show it, the API answers 409."""


class RefusedError(Exception):
    """A rule forbids it now. `remedy` is the next step, if there is one."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
