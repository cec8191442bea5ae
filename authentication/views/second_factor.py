"""The second step of a sign-in, and the question who it is before one's ways in are changed."""

import json

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from authentication.factor_forms import CodeForm, PasskeySignInForm, WhoForm
from authentication.factors import PASSKEY, factors_of, has_factor
from authentication.stages import SecondFactorStage
from organizations.models import User
from organizations.views.scope import ask_and_do, person_of


@login_stage_required(stage=SecondFactorStage.key, redirect_urlname="account_login")
@sensitive_post_parameters()
@ask_and_do
def second_factor(request: HttpRequest) -> HttpResponse:
    stage: SecondFactorStage = request._login_stage  # type: ignore[attr-defined]
    user = stage.login.user
    if not stage.is_still_good():
        return stage.abort()
    sent = request.POST if request.method == "POST" else None
    by_passkey = sent is not None and "credential" in sent
    code = CodeForm(sent if not by_passkey else None, user=user, request=request)
    passkey = PasskeySignInForm(sent if by_passkey else None, user=user)
    form = passkey if by_passkey else code
    if form.is_valid() and form.factor:
        record_authentication(request, user, method="mfa", id=form.factor.pk, type=form.factor.type)
        return stage.exit()
    context = {"form": code, "passkey": passkey, "options": _options(user)}
    return render(request, "authentication/second_factor.html", context)


@never_cache
@sensitive_post_parameters()
@ask_and_do
def who(request: HttpRequest) -> HttpResponse:
    """By password; whoever has none here, by a code; whoever has neither signs in anew."""
    user = person_of(request)
    sent = request.POST if request.method == "POST" else None
    form: WhoForm | CodeForm | None = None
    if user.has_usable_password():
        form = WhoForm(sent, user=user, request=request)
    elif has_factor(user):
        form = CodeForm(sent, user=user, request=request)
    if form is not None and form.is_valid():
        method = "mfa" if form.factor else "password"
        record_authentication(request, user, method=method, reauthenticated=True)
        return HttpResponseRedirect(_next(request))
    return render(request, "authentication/who.html", {"form": form, "next": _next(request)})


def _options(user: User) -> str:
    """What is asked of the browser; empty for a person without passkeys."""
    return json.dumps(begin_authentication(user)) if factors_of(user).filter(type=PASSKEY).exists() else ""


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_ours else reverse("authentication:factor_list")
