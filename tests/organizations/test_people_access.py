"""Who may open and send which page of organizations and people: one table for all roles."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Membership, Organization, User
from tests.people import add_member, make_organization, make_support_person, make_user, signed_in

pytestmark = pytest.mark.django_db

ROLES = ("site_admin", "site_manager", "auditor", "manager", "organization_member", "member", "support", "stranger")
#                      admin  site manager  auditor  its manager  its member  member  support  manager of another one
FOR_MANAGERS_OF_ANY = (200, 200, 403, 200, 403, 403, 403, 200)
FOR_ITS_MANAGERS = (200, 200, 403, 200, 403, 403, 403, 404)
FOR_SITE_MANAGERS = (200, 200, 403, 403, 403, 403, 403, 403)
ON_ONE_ORGANIZATION = (200, 200, 403, 403, 403, 403, 403, 404)
FOR_READERS = (200, 200, 200, 403, 403, 403, 403, 403)
PAGES = {
    "organization_list": FOR_MANAGERS_OF_ANY,
    "organization_detail": FOR_ITS_MANAGERS,
    "organization_environments": FOR_ITS_MANAGERS,
    "organization_providers": FOR_ITS_MANAGERS,
    "member_add": FOR_ITS_MANAGERS,
    "member_remove": FOR_ITS_MANAGERS,
    "organization_create": FOR_SITE_MANAGERS,
    "organization_update": ON_ONE_ORGANIZATION,
    "organization_set_default": ON_ONE_ORGANIZATION,
    "organization_delete": ON_ONE_ORGANIZATION,
    "user_list": FOR_READERS,
    "user_create": FOR_SITE_MANAGERS,
    "user_detail": FOR_SITE_MANAGERS,
    "user_set_site_role": FOR_SITE_MANAGERS,
    "user_set_organizations": FOR_SITE_MANAGERS,
    "user_deactivate": FOR_SITE_MANAGERS,
    "user_activate": FOR_SITE_MANAGERS,
    "user_reset_password": FOR_SITE_MANAGERS,
}
READ_ONLY = {
    "organization_list", "organization_detail", "organization_environments", "organization_providers", "user_list",
    "user_detail",
}  # fmt: skip
SENT = {name: allowed for name, allowed in PAGES.items() if name not in READ_ONLY} | {
    "member_set_role": FOR_ITS_MANAGERS
}
TABLE = [(name, role, status) for name, row in PAGES.items() for role, status in zip(ROLES, row, strict=True)]
REFUSED = [
    (name, role, status) for name, row in SENT.items() for role, status in zip(ROLES, row, strict=True) if status != 200
]
FORM = {
    "name": "Other", "email": "new@example.com", "role": OrganizationRole.MANAGER, "site_role": SiteRole.AUDITOR,
}  # fmt: skip


@pytest.fixture
def organization() -> Organization:
    make_organization(is_default=True)
    return make_organization(name="Platform")


@pytest.fixture
def target(organization: Organization) -> User:
    return add_member(organization, make_user(email="target@example.com")).user


@pytest.fixture
def people(organization: Organization, site_admin: User, site_manager: User, auditor: User) -> dict[str, User]:
    return {
        "site_admin": site_admin,
        "site_manager": site_manager,
        "auditor": auditor,
        "manager": add_member(organization, make_user(), OrganizationRole.MANAGER).user,
        "organization_member": add_member(organization, make_user()).user,
        "member": make_user(),
        "support": make_support_person(),
        "stranger": add_member(make_organization(), make_user(), OrganizationRole.MANAGER).user,
    }


def address(name: str, organization: Organization, target: User) -> str:
    if name.endswith(("_list", "_create")):
        return reverse(f"organizations:{name}")
    if name in ("member_remove", "member_set_role"):
        return reverse(f"organizations:{name}", args=[organization.pk, target.pk])
    return reverse(f"organizations:{name}", args=[target.pk if name.startswith("user_") else organization.pk])


def everything() -> list[Any]:
    """But for the rows that tell of the attempt itself."""
    events = AuditEvent.objects.exclude(outcome="denied")
    rows = [User.objects.all(), Organization.objects.all(), Membership.objects.all(), events]
    return [list(each.order_by("pk").values()) for each in rows]


@pytest.mark.parametrize(("name", "role", "status"), TABLE)
def test_a_page_opens_for_those_it_is_for(
    name: str, role: str, status: int, people: dict[str, User], organization: Organization, target: User
) -> None:
    response = signed_in(people[role]).get(address(name, organization, target))
    assert response.status_code == status, response.content[:200]


@pytest.mark.parametrize(("name", "role", "status"), REFUSED)
def test_a_form_sent_by_anybody_else_changes_nothing(
    name: str, role: str, status: int, people: dict[str, User], organization: Organization, target: User
) -> None:
    client = signed_in(people[role])
    before = everything()
    assert client.post(address(name, organization, target), FORM).status_code == status
    assert everything() == before
    assert AuditEvent.objects.filter(outcome="denied", actor_name=people[role].email).count() == (status == 403)


@pytest.mark.parametrize("name", [*PAGES, "member_set_role"])
def test_an_anonymous_person_signs_in_first(
    name: str, client: Client, organization: Organization, target: User
) -> None:
    for response in (client.get(address(name, organization, target)), client.post(address(name, organization, target))):
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/?next=")


@pytest.mark.parametrize("name", sorted(READ_ONLY))
def test_a_page_to_read_takes_no_form(name: str, site_admin: User, organization: Organization, target: User) -> None:
    assert signed_in(site_admin).post(address(name, organization, target)).status_code == 405


def test_a_role_is_changed_by_a_form_only(site_admin: User, organization: Organization, target: User) -> None:
    assert signed_in(site_admin).get(address("member_set_role", organization, target)).status_code == 405


@pytest.mark.parametrize(
    "name", [name for name in [*PAGES, "member_set_role"] if not name.endswith(("list", "create"))]
)
def test_what_is_not_there_is_not_found(name: str, site_admin: User, organization: Organization) -> None:
    client = signed_in(site_admin)
    gone = Organization(pk=uuid4()) if not name.startswith("member_") else organization
    path = address(name, gone, User(pk=uuid4()))
    if name == "member_add":
        path = reverse("organizations:member_add", args=[uuid4()])
    assert client.post(path, FORM).status_code in ((405,) if name in READ_ONLY else (404,))
    if name != "member_set_role":
        assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["user_set_site_role", "user_deactivate", "user_activate", "user_reset_password"])
@pytest.mark.parametrize("role", [SiteRole.MANAGER, SiteRole.ADMIN])
def test_a_site_manager_opens_and_sends_nothing_for_a_site_manager_or_the_site_admin(
    name: str, role: SiteRole, site_manager: User, organization: Organization
) -> None:
    other = make_user(role)
    client = signed_in(site_manager)
    path = address(name, organization, other)
    before = everything()
    assert client.get(path).status_code == 403
    assert client.post(path, FORM).status_code == 403
    assert everything() == before


@pytest.mark.parametrize(
    ("role", "links"),
    [
        ("site_admin", {"organizations", "users"}),
        ("site_manager", {"organizations", "users"}),
        ("auditor", {"users"}),
        ("manager", {"organizations"}),
        ("organization_member", set()),
        ("member", set()),
        ("support", set()),
    ],
)
def test_the_navigation_leads_to_what_is_theirs(role: str, links: set[str], people: dict[str, User]) -> None:
    client = signed_in(people[role])
    page = client.get(f"/manage/{min(links)}/" if links else "/account/").text
    assert {name for name in ("organizations", "users") if f'href="/manage/{name}/"' in page} == links
    assert ('aria-label="Manage"' in page) == bool(links)
