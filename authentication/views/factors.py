"""One's own second factors."""

import json
from contextlib import suppress
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.internal.auth import begin_registration
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_safe

from audit.services import actor_of
from authentication import factor_confirmations as confirmations
from authentication.factor_forms import AppForm, FactorNameForm, PasskeyForm
from authentication.factors import APP, CODES, factor_in_words, factors_of, must_have_factor, name_of
from authentication.pictures import picture_of_secret, spaced
from authentication.recent import asks_who_it_is
from authentication.services import add_app, add_passkey, make_recovery_codes, remove_factor, rename_factor
from coderadmin.encryption import Sealed, Secret, UndecryptableError, seal
from organizations.errors import RefusedError
from organizations.views.scope import ask_and_do, person_of, refusal_leads_to, say_refusal

LIST = "authentication:factor_list"
NEW_SECRET = "second_factor_app"  # noqa: S105 - the name of what a session holds, sealed, while an app is added


@require_safe
def factor_list(request: HttpRequest) -> HttpResponse:
    user = person_of(request)
    factors = list(factors_of(user))
    codes = Authenticator.objects.filter(user=user, type=CODES).first()
    context = {
        "factors": [(factor, factor_in_words(factor)) for factor in factors],
        "has_app": any(factor.type == APP for factor in factors),
        "codes_left": len(RecoveryCodes(codes).get_unused_codes()) if codes else 0,
        "is_demanded": must_have_factor(user),
    }
    return render(request, "authentication/factor_list.html", context)


def _list(request: HttpRequest, **arguments: Any) -> HttpResponse:
    return redirect(LIST)


@never_cache
@sensitive_post_parameters()
@ask_and_do
@asks_who_it_is
@refusal_leads_to(_list)
@sensitive_variables()
def app_add(request: HttpRequest) -> HttpResponse:
    """The secret stays the same until it is used, so that a reload does not make the scanned one worthless."""
    if Authenticator.objects.filter(user=person_of(request), type=APP).exists():
        raise RefusedError("You have an authenticator app already.", remedy="Remove it first.")
    secret = _secret_of(request)
    form = AppForm(request.POST if request.method == "POST" else None, secret=secret)
    if form.is_valid():
        period = form.cleaned_data["period"]
        codes = add_app(actor=actor_of(request), user=person_of(request), secret=secret, period=period)
        del request.session[NEW_SECRET]
        return _added(request, "The authenticator app is added.", codes)
    context = {"form": form, "secret": spaced(secret), "picture": picture_of_secret(person_of(request), secret)}
    return render(request, "authentication/app_form.html", context)


@never_cache
@ask_and_do
@asks_who_it_is
@refusal_leads_to(_list)
@sensitive_variables("codes")
def passkey_add(request: HttpRequest) -> HttpResponse:
    form = PasskeyForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        codes = add_passkey(actor=actor_of(request), user=person_of(request), **form.cleaned_data)
        return _added(request, "The passkey is added.", codes)
    context = {"form": form, "options": json.dumps(begin_registration(person_of(request), False))}
    return render(request, "authentication/passkey_form.html", context)


@ask_and_do
@refusal_leads_to(_list)
def factor_rename(request: HttpRequest, pk: int) -> HttpResponse:
    factor = get_object_or_404(factors_of(person_of(request)).select_related("user"), pk=pk)
    form = FactorNameForm(request.POST if request.method == "POST" else None, initial={"name": name_of(factor)})
    if not form.is_valid():
        return render(request, "authentication/factor_rename.html", {"form": form, "factor": factor_in_words(factor)})
    rename_factor(actor=actor_of(request), factor=factor, name=form.cleaned_data["name"])
    messages.success(request, "It is renamed.")
    return redirect(LIST)


@ask_and_do
@asks_who_it_is
def factor_remove(request: HttpRequest, pk: int) -> HttpResponse:
    factor = get_object_or_404(factors_of(person_of(request)).select_related("user"), pk=pk)
    if request.method == "POST":
        remove_factor(actor=actor_of(request), factor=factor)
        messages.success(request, "It is removed.")
        return redirect(LIST)
    others = factors_of(factor.user).count() - 1
    asked = confirmations.of_factor_removal(factor, others=others, is_demanded=must_have_factor(factor.user))
    return render(request, "confirm.html", asked.__dict__ | {"cancel_url": reverse(LIST)})


@never_cache
@ask_and_do
@asks_who_it_is
@sensitive_variables("codes")
def recovery_codes_make(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        try:
            codes = make_recovery_codes(actor=actor_of(request), user=person_of(request))
        except RefusedError as refusal:
            say_refusal(request, refusal)
            return redirect(LIST)
        return _added(request, "", codes)
    return render(request, "confirm.html", confirmations.of_recovery_codes().__dict__ | {"cancel_url": reverse(LIST)})


@sensitive_variables()
def _secret_of(request: HttpRequest) -> Secret:
    """A new one, too, where the encryption key was taken away in between."""
    with suppress(KeyError, UndecryptableError):
        return Sealed(request.session[NEW_SECRET]).open()
    secret = Secret(generate_totp_secret())
    request.session[NEW_SECRET] = str(seal(secret))
    return secret


@sensitive_variables("codes")
def _added(request: HttpRequest, words: str, codes: list[str]) -> HttpResponse:
    """The codes are shown on this page and on no other."""
    if codes:
        return render(request, "authentication/recovery_codes.html", {"codes": "\n".join(codes), "words": words})
    messages.success(request, words)
    return redirect(LIST)
