"""Checks that are due, as workers claim them."""

from uuid import UUID

from providers.services.checking import claim_batch, due_batches


def claim_due_providers() -> list[list[UUID]]:
    """By workers that take each message of a sweep at once."""
    batches = [claim_batch(down=down) for down in due_batches()]
    return [batch for batch in batches if batch]
