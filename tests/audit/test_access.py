"""Who sees the audit log, its exports, and the history on the pages of things: one table for all roles."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from organizations.choices import OrganizationRole
from organizations.models import Organization, User
from tests.audit.events import make_event
from tests.factories import make_environment, make_provider
from tests.people import add_member, make_organization, make_user, signed_in

pytestmark = pytest.mark.django_db

PAGES = ("audit_list", "audit_export_csv", "audit_export_json")
ROLES = {
    "site_admin": 200,
    "site_manager": 200,
    "auditor": 200,
    "member": 403,
    "organization manager": 403,
    "organization member": 403,
    "support_person": 403,
}


@pytest.fixture
def organization() -> Organization:
    return make_organization(name="Platform")


def person(role: str, request: pytest.FixtureRequest, organization: Organization) -> User:
    if not role.startswith("organization"):
        return request.getfixturevalue(role)
    wanted = OrganizationRole.MANAGER if role.endswith("manager") else OrganizationRole.MEMBER
    return add_member(organization, make_user(), wanted).user


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", ROLES)
def test_it_opens_for_those_it_is_for(
    name: str, role: str, request: pytest.FixtureRequest, organization: Organization
) -> None:
    make_event(target=User(email="hidden@example.com"))
    response = signed_in(person(role, request, organization)).get(reverse(f"organizations:{name}"))
    body = b"".join(response) if response.streaming else response.content
    assert response.status_code == ROLES[role]
    assert (b"hidden@example.com" in body) == (ROLES[role] == 200)


@pytest.mark.parametrize("name", PAGES)
def test_a_stranger_signs_in_first_and_nobody_sends_forms(name: str, client: Client, site_admin: User) -> None:
    path = reverse(f"organizations:{name}")
    assert client.get(path)["Location"].startswith("/sign-in/?next=")
    assert signed_in(site_admin).post(path).status_code == 405


@pytest.mark.parametrize(
    ("role", "status"),
    [(role, 200 if role in ("site_admin", "site_manager") else 403) for role in ROLES],
)
def test_the_history_of_an_organization(
    role: str, status: int, request: pytest.FixtureRequest, organization: Organization
) -> None:
    path = reverse("organizations:organization_history", args=[organization.pk])
    make_event(target=User(email="hidden@example.com"), organization=organization.pk)
    response = signed_in(person(role, request, organization)).get(path)
    assert (response.status_code, "hidden@example.com" in response.text) == (status, status == 200)


def test_the_manager_of_an_organization_is_not_led_to_its_history(
    organization: Organization, site_manager: User
) -> None:
    path, link = reverse("organizations:organization_detail", args=[organization.pk]), f"{organization.pk}/history/"
    manager = add_member(organization, make_user(), OrganizationRole.MANAGER).user
    assert link not in signed_in(manager).get(path).text
    assert link in signed_in(site_manager).get(path).text


def pages_with_history(owner: User) -> dict[str, tuple[str, Any]]:
    provider, environment = make_provider(), make_environment(owner=owner)
    return {
        "provider": (reverse("providers:provider_detail", args=[provider.pk]), provider),
        "environment": (reverse("environments:environment_detail", args=[environment.pk]), environment),
        "user": (reverse("organizations:user_detail", args=[owner.pk]), owner),
    }


@pytest.mark.parametrize("name", ["provider", "environment", "user"])
def test_the_page_of_a_thing_has_its_last_20_events_and_a_link_to_all(name: str, site_manager: User) -> None:
    path, thing = pages_with_history(make_user())[name]
    for number in range(21):
        make_event(target=thing, action="user.create", after={"number": f"number-{number}."})
    make_event(action="user.lock")
    client = signed_in(site_manager)
    page = client.get(path).text
    assert "number-20." in page and "number-1." in page and "number-0." not in page
    assert "Sign in to a locked account" not in page
    link = f"/manage/audit/?object={thing._meta.model_name}%3A{thing.pk}"
    assert link in page
    assert len(client.get(link).context["lines"]) == 21


def test_the_owner_of_an_environment_sees_no_audit_log_on_its_page(member: User) -> None:
    path, environment = pages_with_history(member)["environment"]
    make_event(target=environment, after={"number": "hidden-number"})
    page = signed_in(member).get(path)
    assert page.status_code == 200
    assert "hidden-number" not in page.text and "/manage/audit/" not in page.text
