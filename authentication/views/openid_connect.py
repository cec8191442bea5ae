"""Signing in by OpenID Connect: to the provider, and back. What brought the person here is in the session's state."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from audit.services import actor_of, client_address
from authentication import signing_out
from authentication.adapters import ArrivedError, FailedError
from authentication.configuration import Configuration
from authentication.errors import NotWelcomeError
from authentication.openid_connect import Adapter, CallbackView, Provider, app_of
from authentication.services import admit, record_failure
from organizations.views.sign_in import page_after_sign_in

SIGN_IN, TRY, LINK = "sign-in", "try", "link"
UNAVAILABLE = "The sign-in service can't be asked at the moment. Try again in a minute."
CANCELLED = "You cancelled the sign-in at the sign-in service."
WRONG = (
    "The sign-in took too long, was begun in another browser, or the sign-in service gave an answer that can't be "
    "trusted. Begin again. If it happens again, tell those who run this deployment."
)


@never_cache
@require_safe
@login_not_required
def openid_connect_start(request: HttpRequest) -> HttpResponse:
    after = page_after_sign_in(request)
    if request.user.is_authenticated:
        return redirect(after)
    configuration = Configuration.load()
    if not configuration.openid_connect:
        return redirect("organizations:sign_in")
    return to_provider(request, configuration, SIGN_IN, after)


def to_provider(request: HttpRequest, configuration: Configuration, process: str, after: str) -> HttpResponse:
    try:
        return Provider(request, app=app_of(configuration)).redirect(request, process, after)
    except OAuth2Error as error:
        record_failure(actor=actor_of(request), reason=str(error), configuration=configuration)
        return failure_page(request, "Signing in did not work", UNAVAILABLE, status=HTTPStatus.SERVICE_UNAVAILABLE)


@never_cache
@require_safe
@login_not_required
def openid_connect_callback(request: HttpRequest) -> HttpResponse:
    """allauth speaks to the provider; whoever arrives is handled by what brought them here."""
    from authentication.views.linking import link_arrived, try_arrived

    arrivals: dict[str, Callable[..., HttpResponse]] = {SIGN_IN: _sign_in, TRY: try_arrived, LINK: link_arrived}
    configuration = Configuration.load()
    if not configuration.issuer:
        return redirect("organizations:sign_in")
    try:
        return CallbackView.adapter_view(Adapter(request, app_of(configuration)))(request)
    except ArrivedError as arrived:
        return arrivals[arrived.login.state["process"]](request, configuration, arrived.login)
    except OAuth2Error as error:
        return _failed(request, configuration, FailedError(str(error)))
    except FailedError as failure:
        return _failed(request, configuration, failure)


def _failed(request: HttpRequest, configuration: Configuration, failure: FailedError) -> HttpResponse:
    record_failure(actor=actor_of(request), reason=failure.reason, configuration=configuration)
    sentence = CANCELLED if failure.is_cancelled else WRONG
    return failure_page(request, "Signing in did not work", sentence, status=HTTPStatus.BAD_REQUEST)


def _sign_in(request: HttpRequest, configuration: Configuration, arrived: Any) -> HttpResponse:
    after = arrived.state["next"]
    if request.user.is_authenticated:  # in another tab, meanwhile
        return redirect(after)
    if not configuration.openid_connect:
        return redirect("organizations:sign_in")
    try:
        user = admit(person=arrived.person, configuration=configuration, address=client_address(request))
    except NotWelcomeError as refusal:
        record_failure(
            actor=actor_of(request), reason=refusal.reason, configuration=configuration, email=arrived.person.email
        )
        return failure_page(request, refusal.title, *refusal.sentences)
    signing_out.remember(request, configuration, arrived.end_session_endpoint)
    record_authentication(request, user, "socialaccount", provider=configuration.issuer, uid=arrived.person.subject)
    return perform_login(request, Login(user=user, redirect_url=after))


def failure_page(
    request: HttpRequest, title: str, *sentences: str, status: HTTPStatus = HTTPStatus.FORBIDDEN
) -> HttpResponse:
    context = {"title": title, "sentences": [each for each in sentences if each]}
    return render(request, "authentication/sign_in_failed.html", context, status=status)
