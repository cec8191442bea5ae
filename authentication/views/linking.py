"""The own account and the sign-in service: linked by the person itself, and tried by the site admin."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import actor_of
from authentication import confirmations
from authentication.configuration import Configuration
from authentication.policies import require_manage_configuration
from authentication.recent import asks_who_it_is, is_recent
from authentication.services import link, link_of, rehearse, unlink
from authentication.views.openid_connect import LINK, TRY, failure_page, to_provider
from organizations.errors import RefusedError
from organizations.models import User
from organizations.views.scope import ask_and_do, editable_user, person_of, say_refusal

TRIED = "openid_connect_tried"
PAGE = "authentication:account_link"
SHOWN_GROUPS = 50


@never_cache
@require_safe
@asks_who_it_is
def account_link(request: HttpRequest) -> HttpResponse:
    """From here a link leads to the provider: no form of ours may lead to another site."""
    configuration = Configuration.load()
    context = {"configuration": configuration, "link": link_of(person_of(request), configuration.issuer)}
    return render(request, "authentication/account_link.html", context)


@never_cache
@require_safe
def account_link_start(request: HttpRequest) -> HttpResponse:
    configuration = Configuration.load()
    if not configuration.issuer or not is_recent(request):
        return redirect(PAGE)
    return to_provider(request, configuration, LINK, reverse(PAGE))


def link_arrived(request: HttpRequest, configuration: Configuration, arrived: Any) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("organizations:sign_in")
    if not is_recent(request):
        return redirect(PAGE)
    try:
        link(actor=actor_of(request), user=person_of(request), person=arrived.person, issuer=configuration.issuer)
    except RefusedError as refusal:
        return failure_page(request, "Your account was not linked", refusal.message, refusal.remedy)
    messages.success(request, "Your account is linked. You can sign in that way from now on.")
    return redirect(PAGE)


@ask_and_do
@asks_who_it_is
def account_unlink(request: HttpRequest) -> HttpResponse:
    return _unlink(request, person_of(request), reverse(PAGE))


@ask_and_do
def user_unlink(request: HttpRequest, pk: UUID) -> HttpResponse:
    return _unlink(request, editable_user(request, pk), reverse("organizations:user_detail", args=[pk]))


def _unlink(request: HttpRequest, user: User, back: str) -> HttpResponse:
    if request.method != "POST":
        return render(request, "confirm.html", confirmations.of_unlink(user).__dict__ | {"cancel_url": back})
    try:
        unlink(actor=actor_of(request), user=user)
    except RefusedError as refusal:
        say_refusal(request, refusal)
    else:
        messages.success(request, f"The account of {user} is not linked any more.")
    return redirect(back)


@never_cache
@require_safe
def openid_connect_try(request: HttpRequest) -> HttpResponse:
    """Changes nothing, also when a page of somebody else leads here."""
    require_manage_configuration(actor_of(request))
    configuration = Configuration.load()
    if not configuration.issuer:
        return redirect("authentication:configuration")
    return to_provider(request, configuration, TRY, reverse("authentication:openid_connect_tried"))


def try_arrived(request: HttpRequest, configuration: Configuration, arrived: Any) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("organizations:sign_in")
    require_manage_configuration(actor_of(request))
    person = arrived.person
    request.session[TRIED] = {
        "email": person.email,
        "is_verified": person.is_verified,
        "name": person.name,
        "groups": person.groups[:SHOWN_GROUPS],
        "more_groups": max(len(person.groups) - SHOWN_GROUPS, 0),
        "outlook": rehearse(person=person, configuration=configuration),
    }
    return redirect("authentication:openid_connect_tried")


@never_cache
@require_safe
def openid_connect_tried(request: HttpRequest) -> HttpResponse:
    require_manage_configuration(actor_of(request))
    tried = request.session.get(TRIED)
    if tried is None:
        return redirect("authentication:configuration")
    return render(request, "authentication/tried.html", {"tried": tried, "configuration": Configuration.load()})
