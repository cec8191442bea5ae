"""What an open page hears when it asks about an environment that is gone."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect


def gone(request: HttpRequest) -> HttpResponse:
    """On to the list, which says so. Whoever may not see an environment hears the same about it."""
    messages.info(request, "The environment is deleted.")
    return HttpResponseClientRedirect(reverse("environments:environment_list"))
