"""Middleware about people."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django_htmx.http import HttpResponseClientRedirect

PASSWORD_CHANGE = "organizations:password_change"  # noqa: S105 - the name of a page


class SignInMiddleware(LoginRequiredMiddleware):
    """As Django's, but for an open page, and a call with a token, the session is not even read."""

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., HttpResponseBase], view_args: Any, view_kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)


def lacks_factor(request: HttpRequest) -> bool:
    """Whether the signed-in person must have a second factor and has none, as the session knows. A token never asks."""
    return request.user.is_authenticated and getattr(request.session, "lacks_factor", False)


class PasswordChangeMiddleware:
    """Leads a person whose password must be changed to that page; open pages and signing out stay reachable."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any) -> HttpResponse | None:
        is_open = not getattr(view, "login_required", True)
        if is_open or not getattr(request.user, "must_change_password", False):
            return None
        if request.resolver_match and request.resolver_match.view_name == PASSWORD_CHANGE:
            return None
        if "HX-Request" in request.headers:  # django-htmx's middleware comes later
            return HttpResponseClientRedirect(resolve_url(PASSWORD_CHANGE))
        return redirect(PASSWORD_CHANGE)
