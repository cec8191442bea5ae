"""Manage > Admin > Authentication."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from audit.services import actor_of
from authentication import confirmations
from authentication.addresses import redirect_uri, redirect_uris
from authentication.configuration import ClaimRule, Configuration
from authentication.discovery import ProviderError
from authentication.factors import FactorDemand
from authentication.forms import OpenIDConnectForm, WayInForm, rules_form, rules_in
from authentication.policies import (
    can_manage_configuration,
    require_manage_configuration,
    require_view_configuration,
)
from authentication.services import has_signed_in_by_it, save_openid_connect, set_built_in, set_openid_connect
from organizations.errors import RefusedError
from organizations.views.scope import ask_and_do, say_refusal

PAGE = "authentication:configuration"


@never_cache
@require_safe
def configuration(request: HttpRequest) -> HttpResponse:
    require_view_configuration(request.user)
    stored = Configuration.load()
    context = {
        "configuration": stored,
        "demanded": FactorDemand.objects.order_by("site_role"),
        "rules": ClaimRule.objects.select_related("organization"),
        "redirect_uris": redirect_uris(request),
        "can_manage": can_manage_configuration(request.user),
    }
    return render(request, "authentication/configuration.html", context)


@never_cache
@sensitive_post_parameters()
@ask_and_do
def openid_connect_update(request: HttpRequest) -> HttpResponse:
    require_manage_configuration(actor_of(request))
    stored, sent = Configuration.load(), request.POST if request.method == "POST" else None
    form, rules = OpenIDConnectForm(sent, stored=stored), rules_form(sent)
    if sent is not None and form.is_valid() and rules.is_valid() and _saved(request, form, rules):
        messages.success(request, "The sign-in service was tried and is saved.")
        return redirect(PAGE)
    context = {"form": form, "rules": rules, "configuration": stored, "redirect_uris": redirect_uris(request)}
    return render(request, "authentication/openid_connect_form.html", context)


def _saved(request: HttpRequest, form: OpenIDConnectForm, rules: object) -> bool:
    """Otherwise the form says why not."""
    try:
        save_openid_connect(
            actor=actor_of(request),
            seen=form.cleaned_data["revision"],
            values=form.values(),
            rules=rules_in(rules),
            redirect_uri=redirect_uri(request),
        )
    except ProviderError as error:
        form.add_error(error.field, error.text)
    except RefusedError as refusal:
        form.add_error(None, f"{refusal.message} {refusal.remedy}".strip())
    return not form.errors


@ask_and_do
def openid_connect_switch(request: HttpRequest) -> HttpResponse:
    require_manage_configuration(actor_of(request))
    on = not Configuration.load().openid_connect
    if request.method != "POST":
        return _confirm(request, confirmations.of_openid_connect(on))
    try:
        set_openid_connect(actor=actor_of(request), on=request.POST.get("on") == "true")
    except RefusedError as refusal:
        say_refusal(request, refusal)
    return redirect(PAGE)


@ask_and_do
def built_in_switch(request: HttpRequest) -> HttpResponse:
    actor, stored = actor_of(request), Configuration.load()
    require_manage_configuration(actor)
    on = not stored.built_in
    must_say = not on and not has_signed_in_by_it(request.user, stored)
    form = WayInForm(request.POST if request.method == "POST" else None) if must_say else None
    if request.method != "POST" or (form and not form.is_valid()):
        return _confirm(request, confirmations.of_built_in(on), form)
    try:
        way_in = form.cleaned_data["way_in"] if form else ""
        set_built_in(actor=actor, on=request.POST.get("on") == "true", way_in=way_in)
    except RefusedError as refusal:
        say_refusal(request, refusal)
    return redirect(PAGE)


def _confirm(request: HttpRequest, asked: confirmations.Switch, form: WayInForm | None = None) -> HttpResponse:
    context = asked.__dict__ | {"cancel_url": reverse(PAGE), "form": form}
    return render(request, "authentication/switch.html", context)
