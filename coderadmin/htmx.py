"""Page or fragment: the one place that decides."""

from django.http import HttpRequest


def wants_partial(request: HttpRequest) -> bool:
    """True for an HTMX request that swaps a fragment; boosted links and history restores want the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request
