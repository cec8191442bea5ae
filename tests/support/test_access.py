"""Who gets to /support/: the group and nothing else, and to look only."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from organizations.choices import SiteRole
from organizations.models import User
from organizations.policies import SUPPORT_STAFF
from providers.models import Operation
from tests.factories import make_operation, make_provider
from tests.people import make_support_person, make_user, signed_in, support_group
from tests.support.things import PAGES, list_address
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_the_migration_gives_the_group_what_is_shown_and_no_more() -> None:
    granted = Group.objects.get(name=SUPPORT_STAFF).permissions.values_list("content_type__app_label", "codename")
    assert set(granted) == {(model._meta.app_label, f"view_{model._meta.model_name}") for model in PAGES}
    for permission in Permission.objects.filter(group__name=SUPPORT_STAFF):
        assert str(permission.content_type.model_class()._meta.verbose_name_raw) in permission.name  # as Django's own


@pytest.mark.parametrize(
    "fields",
    [
        {"is_staff": True},
        {"is_superuser": True},
        {"is_staff": True, "is_superuser": True, "site_role": SiteRole.ADMIN},
    ],
)
def test_no_flag_stands_in_for_the_group(fields: dict[str, Any]) -> None:
    client = signed_in(make_user(**fields))
    for address in ("/support/", *map(list_address, PAGES)):
        page = client.get(address, follow=True)
        assert page.status_code == 403, address
        assert "These pages are for support staff" in page.text
    assert "/support/" not in client.get("/account/").text


def test_the_group_without_the_flag_opens_nothing() -> None:
    user = make_user()
    user.groups.add(support_group())
    assert signed_in(user).get("/support/", follow=True).status_code == 403


def test_what_the_group_may_not_look_at_is_not_there(support_person: User) -> None:
    operation, group = make_operation(), support_group()
    group.permissions.remove(Permission.objects.get(codename="view_operation"))
    client = signed_in(support_person)
    page = client.get("/support/").text
    assert list_address(Operation) not in page
    assert client.get(list_address(Operation)).status_code == 403
    assert client.get(reverse("admin:providers_operation_retry", args=[operation.pk])).status_code == 403
    assert client.get(reverse("admin:providers_operation_history", args=[operation.pk])).status_code == 403


@pytest.mark.parametrize("flags", [{}, {"is_superuser": True}])
def test_nothing_is_added_changed_or_deleted(flags: dict[str, bool]) -> None:
    """A superuser who is support staff is no more than support staff."""
    world, client = make_world(), signed_in(make_support_person(**flags))
    for model, row in world.rows().items():
        at = list_address(model)
        for address in (f"{at}add/", f"{at}{row.pk}/change/", f"{at}{row.pk}/delete/"):
            assert client.post(address, {"post": "yes", "site_role": "site-manager"}).status_code == 403, address
        assert client.post(at, {"action": "delete_selected", "_selected_action": [row.pk]}).status_code in (200, 302)
        page = client.get(f"{at}{row.pk}/change/").text
        assert not any(name in page for name in ('name="_save"', 'name="site_role"', "deletelink", "password_change"))
    assert [type(row)._default_manager.filter(pk=row.pk).count() for row in world.rows().values()] == [1] * len(PAGES)


def test_pages_of_other_packages_have_no_place(support_person: User) -> None:
    """They would show secrets, and change what only services change."""
    before = set(admin.site._registry)
    admin.site.register(Permission)
    admin.site.register([Group], admin.ModelAdmin)
    assert set(admin.site._registry) == before


def test_it_has_no_sign_in_page_of_its_own(client: Client) -> None:
    assert client.get("/support/login/?next=/support/audit/")["Location"] == "/sign-in/?next=/support/audit/"


def test_it_has_no_password_page_of_its_own(support_person: User) -> None:
    client = signed_in(support_person)
    assert client.get("/support/password_change/")["Location"] == "/account/password/"
    assert client.get(f"/support/organizations/user/{support_person.pk}/password/").status_code in (302, 404)


def test_support_staff_are_no_managers(support_person: User) -> None:
    provider = make_provider()
    client = signed_in(support_person)
    for name in ("deploy", "check", "cordon"):
        assert client.post(reverse(f"providers:provider_{name}", args=[provider.pk])).status_code == 403
    assert client.get(reverse("providers:provider_detail", args=[provider.pk])).status_code == 403


def test_links_lead_to_the_product_where_the_person_may_go(support_person: User) -> None:
    provider, manager = make_provider(), make_support_person(SiteRole.MANAGER)
    there = reverse("admin:providers_workspaceprovider_change", args=[provider.pk])
    link = f'href="{reverse("providers:provider_detail", args=[provider.pk])}"'
    assert link in signed_in(manager).get(there).text
    assert link not in signed_in(support_person).get(there).text


def test_a_site_manager_makes_and_unmakes_support_staff(site_manager: User, member: User) -> None:
    manager, person = signed_in(site_manager), signed_in(member)
    address = reverse("organizations:user_set_support_staff", args=[member.pk])
    for wanted, status in (("yes", 200), ("no", 403)):
        assert "support staff" in manager.get(address).text
        for _ in range(2):  # the second time changes nothing
            manager.post(address, {"wanted": wanted})
        assert person.get("/support/", follow=True).status_code == status
    actions = AuditEvent.objects.filter(target_id=str(member.pk), action__endswith="_support").order_by("id")
    assert list(actions.values_list("action", "actor_name")) == [
        ("user.join_support", "manager@example.com"),
        ("user.leave_support", "manager@example.com"),
    ]


def test_nobody_makes_support_staff_of_those_they_may_not_change(site_manager: User, member: User) -> None:
    other = make_user(SiteRole.MANAGER)
    assert (
        signed_in(site_manager).post(f"/manage/users/{other.pk}/support-staff/", {"wanted": "yes"}).status_code == 403
    )
    assert signed_in(member).post(f"/manage/users/{member.pk}/support-staff/", {"wanted": "yes"}).status_code == 403
    assert not User.objects.filter(is_staff=True).exists()
