"""Second factors of other people, and which roles must have one."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from audit.services import actor_of
from authentication import factor_confirmations as confirmations
from authentication.factor_forms import DemandForm
from authentication.factors import factor_in_words, factors_of
from authentication.policies import require_manage_configuration
from authentication.services import reset_factors, set_demand
from organizations.choices import SiteRole
from organizations.views.scope import ask_and_do, editable_user, user_refusal

CONFIGURATION = "authentication:configuration"


@ask_and_do
@user_refusal
def user_factors_reset(request: HttpRequest, pk: UUID) -> HttpResponse:
    user = editable_user(request, pk)
    if request.method == "POST":
        reset_factors(actor=actor_of(request), user=user)
        messages.success(request, f"{user} has no second factor any more.")
        return redirect("organizations:user_detail", pk=pk)
    asked = confirmations.of_factor_reset(user, [factor_in_words(factor) for factor in factors_of(user)])
    back = reverse("organizations:user_detail", args=[pk])
    return render(request, "confirm.html", asked.__dict__ | {"cancel_url": back})


@ask_and_do
def factor_demand(request: HttpRequest) -> HttpResponse:
    require_manage_configuration(actor_of(request))
    form = DemandForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        set_demand(actor=actor_of(request), roles=[SiteRole(role) for role in form.cleaned_data["roles"]])
        messages.success(request, "Saved. It counts from the next request on.")
        return redirect(CONFIGURATION)
    return render(request, "authentication/factor_demand.html", {"form": form})
