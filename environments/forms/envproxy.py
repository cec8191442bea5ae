"""The shape of what envproxy asks about tickets and sessions."""

from typing import Any

from environments.services import Use
from providers.bearer import Document, invalid

MOST_USES = 500


def ticket_of(document: Document) -> str:
    """Raises CallError."""
    return _secret(document, "ticket", "ticket")


def uses_of(document: Document) -> list[Use]:
    """Raises CallError."""
    uses = document.get("uses")
    if not isinstance(uses, list) or not all(isinstance(use, dict) for use in uses):
        raise invalid("uses", "Send a list of objects.")
    if len(uses) > MOST_USES:
        raise invalid("uses", f"Ask about at most {MOST_USES} at a time.")
    return [_use(use, f"uses.{number}") for number, use in enumerate(uses)]


def _use(use: dict[str, Any], place: str) -> Use:
    environment, active = use.get("environment"), use.get("active", False)
    if not isinstance(environment, str):
        raise invalid(f"{place}.environment", "Send the id of the environment.")
    if not isinstance(active, bool):
        raise invalid(f"{place}.active", "Send true or false.")
    return Use(session=_secret(use, "session", f"{place}.session"), environment=environment, active=active)


def _secret(document: dict[str, Any], name: str, place: str) -> str:
    """What is not ASCII is none of ours and reads as empty: a stranger's cookie must not spoil the whole question."""
    text = document.get(name)
    if not isinstance(text, str):
        raise invalid(place, "Send a text.")
    return text if text.isascii() else ""
