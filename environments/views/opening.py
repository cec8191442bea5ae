"""Opening an environment: on to its provider's envproxy, with a ticket."""

from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET

from audit.services import actor_of
from environments.opening import clean_path, clean_state, environment_url, sign_in_url
from environments.services import open_environment, require_openable
from environments.views.scope import environment_refusal, usable_environment


@never_cache
@require_GET  # envproxy leads browsers here; the row that it makes is good for a minute
@environment_refusal
@sensitive_variables()
def environment_open(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Leads to the environment; with a ticket if envproxy has asked for a sign-in, which its `state` tells.

    A person who comes from signing in passes by a page first: Chromium holds a redirect to the sign-in form's
    `form-action`, and envproxy is elsewhere.
    """
    environment, path = usable_environment(request, pk), clean_path(request.GET.get("path", ""))
    state = clean_state(request.GET.get("state", ""))
    if _comes_from_sign_in(request):
        return render(request, "environments/environment_open.html", {"environment": environment})
    if not state:
        require_openable(actor=actor_of(request), environment=environment)
        return HttpResponseRedirect(environment_url(environment, path=path))
    ticket = open_environment(actor=actor_of(request), environment=environment)
    return HttpResponseRedirect(sign_in_url(environment, ticket=ticket, state=state, path=path))


def _comes_from_sign_in(request: HttpRequest) -> bool:
    try:
        return urlsplit(request.headers.get("Referer", "")).path == resolve_url(settings.LOGIN_URL)
    except ValueError:
        return False
