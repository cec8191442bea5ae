"""Page or fragment: the one place that decides."""

from urllib.parse import urlsplit

from django.http import HttpRequest


def wants_partial(request: HttpRequest) -> bool:
    """True for an HTMX request that swaps a fragment; boosted links and history restores want the whole page."""
    htmx = request.htmx  # type: ignore[attr-defined]
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def path_of_page(request: HttpRequest) -> str:
    """Of the page for which HTMX asks a fragment; empty when it does not say, or what is no address."""
    try:
        return urlsplit(request.htmx.current_url or "").path  # type: ignore[attr-defined]
    except ValueError:
        return ""
