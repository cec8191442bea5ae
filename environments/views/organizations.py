"""Creating and deleting an organization; its other pages are in organizations.views."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from audit.services import actor_of
from environments.services.organizations import (
    OrganizationImpact,
    create_organization,
    delete_organization,
    organization_impact,
)
from organizations.forms import OrganizationCreateForm
from organizations.forms.errors import add_service_errors
from organizations.models import Organization
from organizations.policies import require_site_manager
from organizations.views.scope import ask_and_do, managed_organization, organization_refusal, visible_organizations


@ask_and_do
def organization_create(request: HttpRequest) -> HttpResponse:
    visible_organizations(request)
    require_site_manager(actor_of(request))
    form = OrganizationCreateForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            organization = create_organization(
                actor=actor_of(request), fields=form.changes(), is_default=form.cleaned_data["is_default"]
            )
        except ValidationError as error:
            add_service_errors(form, error)
        else:
            messages.success(request, f"{organization.name} is created. Add its members now.")
            return redirect("organizations:organization_detail", pk=organization.pk)
    return render(request, "organizations/organization_form.html", {"form": form})


@ask_and_do
@organization_refusal
def organization_delete(request: HttpRequest, pk: UUID) -> HttpResponse:
    organization = managed_organization(request, pk)
    if request.method == "POST":
        impact = delete_organization(actor=actor_of(request), organization=organization)
        messages.success(request, f"{organization.name} is deleted. {_moved(impact)} moved to {impact.default.name}.")
        return redirect("organizations:organization_list")
    impact = organization_impact(organization)
    context = {
        "title": f"Delete {organization.name}",
        "submit_label": "Delete",
        "dangerous": True,
        "impact": impact,
        "effects": _effects(organization, impact),
        "cancel_url": reverse("organizations:organization_detail", args=[pk]),
    }
    return render(request, "organizations/organization_confirm_delete.html", context)


def _effects(organization: Organization, impact: OrganizationImpact) -> list[str]:
    default = impact.default.name
    there = impact.people - impact.joining
    return [
        f"{_people(impact.people)} and {_environments(impact.environments)} move to {default}."
        + (f" {_people(there)} of them {'are' if there > 1 else 'is'} there already." if there else ""),
        f"Whoever joins {default} by that is a plain member there.",
        "Environments go on as before, with the same owners, names and sizes.",
        *(
            [f"{default} may go on with them on {', '.join(impact.closing)}, where it can't place new ones."]
            if impact.closing
            else []
        ),
        *([f"Rules of the sign-in service that end: {'; '.join(impact.rules)}."] if impact.rules else []),
        f"{organization.name} is taken off the allowlists of its providers, and its quotas are gone.",
    ]


def _moved(impact: OrganizationImpact) -> str:
    return f"{_people(impact.people)} and {_environments(impact.environments)}"


def _people(count: int) -> str:
    return f"{count} people" if count != 1 else "One person"


def _environments(count: int) -> str:
    return f"{count} environments" if count != 1 else "one environment"
