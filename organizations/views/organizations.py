"""The list of organizations, one organization in three tabs, and changing it."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from audit.services import actor_of
from coderadmin.htmx import wants_partial
from organizations.filters import ORGANIZATION_SORT_LABELS, OrganizationFilter, words_of
from organizations.forms import MemberForm, OrganizationForm
from organizations.forms.errors import add_service_errors
from organizations.models import Membership, Organization
from organizations.policies import is_site_manager
from organizations.services import set_default_organization, update_organization
from organizations.views.scope import (
    ask_and_do,
    managed_organization,
    organization_refusal,
    visible_organization,
    visible_organizations,
)

PAGE_SIZE = 50


@require_safe
def organization_list(request: HttpRequest) -> HttpResponse:
    visible = visible_organizations(request)
    wanted = OrganizationFilter.from_query(request.GET)
    rows = wanted.narrowed(visible.with_counts())
    context = {
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "filter": wanted,
        "sorts": ORGANIZATION_SORT_LABELS.items(),
        "can_manage": is_site_manager(request.user),
    }
    if wants_partial(request):
        return render(request, "organizations/partials/organization_results.html", context)
    return render(request, "organizations/organization_list.html", context)


@require_safe
def organization_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The members, who are its first tab."""
    organization = visible_organization(request, pk)
    text = words_of(request.GET)
    members = Membership.objects.of_organization(organization).search(text)
    context = {
        "page": Paginator(members, PAGE_SIZE).get_page(request.GET.get("page")),
        "text": text,
        "form": MemberForm(),
    }
    return organization_tab(request, organization, "members", context)


@require_safe
def organization_environments(request: HttpRequest, pk: UUID) -> HttpResponse:
    organization = visible_organization(request, pk)
    rows = organization.environments.select_related("owner", "provider").order_by("owner__email", "name")
    return organization_tab(request, organization, "environments", {"environments": rows[:PAGE_SIZE]})


@require_safe
def organization_providers(request: HttpRequest, pk: UUID) -> HttpResponse:
    organization = visible_organization(request, pk)
    entries = organization.allowlist.select_related("provider").order_by("provider__name")
    page = Paginator(entries, PAGE_SIZE).get_page(request.GET.get("page"))
    return organization_tab(request, organization, "providers", {"page": page})


@ask_and_do
@organization_refusal
def organization_update(request: HttpRequest, pk: UUID) -> HttpResponse:
    organization = managed_organization(request, pk)
    form = OrganizationForm(request.POST if request.method == "POST" else None, organization=organization)
    if form.is_valid():
        try:
            changed = update_organization(
                actor=actor_of(request), organization=organization, changes=form.changes(), shown=form.shown()
            )
        except ValidationError as error:
            add_service_errors(form, error)
        else:
            messages.success(request, f"{changed.name} is saved.")
            return redirect("organizations:organization_detail", pk=pk)
    return render(request, "organizations/organization_form.html", {"form": form, "organization": organization})


@ask_and_do
@organization_refusal
def organization_set_default(request: HttpRequest, pk: UUID) -> HttpResponse:
    organization = managed_organization(request, pk)
    if request.method == "POST":
        set_default_organization(actor=actor_of(request), organization=organization)
        messages.success(request, f"{organization.name} is the default organization.")
        return redirect("organizations:organization_detail", pk=pk)
    present = Organization.objects.filter(is_default=True).exclude(pk=pk).first()
    context = {
        "title": f"Make {organization.name} the default organization",
        "submit_label": "Make default",
        "effects": [
            f"The people and environments of an organization that is deleted move to {organization.name}.",
            "New people are put into it unless another choice is made.",
            *([f"{present.name} is the default no longer. Who is in it stays in it."] if present else []),
        ],
        "cancel_url": reverse("organizations:organization_detail", args=[pk]),
    }
    return render(request, "confirm.html", context)


def organization_tab(
    request: HttpRequest, organization: Organization, tab: str, context: dict[str, object]
) -> HttpResponse:
    """The page of one tab. `organization` is one of `visible_organization`."""
    common = {"organization": organization, "tab": tab, "can_manage": is_site_manager(request.user)}
    return render(request, f"organizations/organization_{tab}.html", common | context)
