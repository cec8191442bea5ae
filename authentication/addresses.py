"""Where the provider sends people back to: at every access URL that answers, or by which they came."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse


def redirect_uri(request: HttpRequest) -> str:
    """At the access URL by which this request came: the session is there."""
    return f"{_base(request)}{_path()}"


def signed_out_uri(request: HttpRequest) -> str:
    """After they have signed out there."""
    return f"{_base(request)}{reverse('organizations:sign_in')}"


def redirect_uris(request: HttpRequest) -> list[str]:
    """The present access URL first; another one while it changes."""
    urls: Any = getattr(request, "access_urls", None)
    return [f"{url}{_path()}" for url in urls.answering] if urls else [redirect_uri(request)]


def _base(request: HttpRequest) -> str:
    urls: Any = getattr(request, "access_urls", None)
    base = urls.matching(host=request.get_host()) if urls else ""
    return base or f"{request.scheme}://{request.get_host()}"


def _path() -> str:
    return reverse("authentication:openid_connect_callback")
