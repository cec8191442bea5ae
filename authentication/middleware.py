"""Middleware about ways in."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

from organizations.middleware import PASSWORD_CHANGE, lacks_factor

FACTORS = "authentication:factor_list"
OPEN = {
    PASSWORD_CHANGE,
    FACTORS,
    *(f"authentication:{name}" for name in ("who", "app_add", "passkey_add")),
}


class SecondFactorMiddleware:
    """Leads a person who must have a second factor and has none to where one adds it; open pages stay reachable."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or not lacks_factor(request):
            return None
        request.user.must_add_factor = True  # type: ignore[union-attr]  # the navigation shows nothing else
        if request.resolver_match and request.resolver_match.view_name in OPEN:
            return None
        if "HX-Request" in request.headers:  # django-htmx's middleware comes later
            return HttpResponseClientRedirect(resolve_url(FACTORS))
        return redirect(FACTORS)
