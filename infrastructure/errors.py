"""Refusals of the infrastructure services."""

from providers.errors import RefusedError

__all__ = ["ChangeActiveError", "RefusedError"]


class ChangeActiveError(RefusedError):
    """Another change of the access URL, or another rollout, is under way."""
