"""Signing in and out, the own account, and the first page."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from organizations.forms import PasswordForm, SignInForm
from organizations.models import Membership, User
from organizations.policies import can_read_providers
from organizations.services import change_password


class SignInView(LoginView):
    template_name = "registration/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_redirect_url(self) -> str:  # type: ignore[override]  # the stubs describe a newer Django
        """Where `next` leads, unless it leads back here or out again."""
        url = super().get_redirect_url()
        path = urlsplit(urljoin(self.request.path, url)).path
        return "" if path in (reverse("organizations:sign_in"), reverse("organizations:sign_out")) else url

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A fragment asked for after the session has ended: the whole page moves here, not into the fragment."""
        if wants_partial(request):
            return HttpResponseClientRedirect(_sign_in_and_return_to_page_of(request))
        return super().get(request, *args, **kwargs)


sign_in = SignInView.as_view()
sign_out = login_not_required(LogoutView.as_view())


def _sign_in_and_return_to_page_of(request: HttpRequest) -> str:
    page = request.htmx.current_url_abs_path  # type: ignore[attr-defined]
    return resolve_url(settings.LOGIN_URL) + (f"?{urlencode({'next': page})}" if page else "")


def _signed_in(request: HttpRequest) -> User:
    """The person of a request that LoginRequiredMiddleware let through."""
    assert isinstance(request.user, User)  # noqa: S101 - for the type checker
    return request.user


def _memberships(request: HttpRequest) -> QuerySet[Membership]:
    return _signed_in(request).memberships.select_related("organization").order_by("organization__name")


def sign_in_locked(request: HttpRequest, response: HttpResponse | None, credentials: dict[str, str]) -> HttpResponse:
    """Called by axes after too many failures; the same words whether the account exists or not."""
    wait = int(settings.AXES_COOLOFF_TIME.total_seconds())
    page = render(request, "429.html", {"minutes": wait // 60}, status=429)
    page["Retry-After"] = str(wait)
    return page


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    if can_read_providers(request.user):
        return redirect("providers:provider_list")
    return render(request, "organizations/home.html", {"memberships": _memberships(request)})


@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return render(request, "organizations/account.html", {"memberships": _memberships(request)})


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def password_change(request: HttpRequest) -> HttpResponse:
    user = _signed_in(request)
    form = PasswordForm(request.POST or None, user=user)
    if not form.is_valid():
        return render(request, "registration/password_change.html", {"form": form})
    change_password(actor=actor_of(request), user=user, password=form.cleaned_data["new"])
    update_session_auth_hash(request, user)
    messages.success(request, "Your password is changed. You are signed out everywhere else.")
    return redirect("organizations:account")
