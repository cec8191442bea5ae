"""Refusals. Each is a sentence for a person; pages show it, the API answers 409."""

from typing import Any, ClassVar


class RefusedError(Exception):
    """A rule forbids it now. `remedy` is the next step, if there is one; `code` is for programs."""

    code: ClassVar[str] = "refused"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def details(self) -> dict[str, Any]:
        """What a program needs beyond the sentences; as JSON."""
        return {}
