"""The page that asks before an action."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from providers.confirmations import Confirmation
from providers.models import WorkspaceProvider
from providers.release_diff import Drift


def confirm(
    request: HttpRequest,
    provider: WorkspaceProvider,
    confirmation: Confirmation,
    *,
    form: forms.Form | None = None,
    drift: Drift | None = None,
) -> HttpResponse:
    """`drift`: what the action changes in the provider's release."""
    context = confirmation.__dict__ | {
        "provider": provider,
        "form": form,
        "drift": drift,
        "effects": None,
        "will_happen": confirmation.effects,
        "cancel_url": reverse("providers:provider_detail", args=[provider.pk]),
    }
    return render(request, "providers/provider_confirm.html", context)
