"""Signing in by password."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect

from coderadmin.htmx import wants_partial
from organizations.forms import SignInForm


class SignInView(LoginView):
    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"sends_mail": settings.SENDS_MAIL}

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs describe a newer Django
        """Where `next` leads, unless it leads back here or out again, or nowhere."""
        url = super().get_redirect_url()
        try:
            path = urlsplit(urljoin(self.request.path, url)).path
        except ValueError:
            return ""
        leads_back = path.startswith(reverse("organizations:sign_in")) or path == reverse("organizations:sign_out")
        return "" if leads_back else url

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A fragment asked for after the session has ended: the whole page moves here, not into the fragment."""
        if wants_partial(request):
            return HttpResponseClientRedirect(_sign_in_and_return_to_page_of(request))
        return super().get(request, *args, **kwargs)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password was right: allauth leads through what else is asked of this person, then signs in."""
        user = form.get_user()
        login = Login(user=user, redirect_url=self.get_success_url())
        return perform_password_login(self.request, {"email": user.get_username()}, login)


def page_after_sign_in(request: HttpRequest) -> str:
    """Where `next` leads, for other ways in; the first page where it does not."""
    view = SignInView()
    view.setup(request)
    return view.get_success_url()


def _sign_in_and_return_to_page_of(request: HttpRequest) -> str:
    try:
        page = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
    except ValueError:
        page = None
    return resolve_url(settings.LOGIN_URL) + (f"?{urlencode({'next': page})}" if page else "")


def sign_in_locked(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, str]) -> HttpResponse:
    """Called by axes after too many failures; the same words whether the account exists or not.

    A program has got its answer already.
    """
    if response is not None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return response
    wait = int(settings.AXES_COOLOFF_TIME.total_seconds())
    page = render(request, "429.html", {"minutes": wait // 60}, status=429)
    page["Retry-After"] = str(wait)
    return page
