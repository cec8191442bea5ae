"""Organizations and people as the original command line sees them."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from audit.models import AuditEvent
from environments.models import Environment, Image
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Organization, User
from tests.factories import make_built_in
from tests.people import PASSWORD, add_member, make_organization, make_user
from tests.wire.conftest import Sign
from tests.wire.go import ORGANIZATION, USER
from tests.wire.original import CoderError
from tests.wire.things import make_image, make_known_environment

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = 3_600_000


def test_one_s_organizations_are_those_with_oneself_among_the_members(member: User, sign_in: Sign) -> None:
    mine, _ = make_organization(auto_off_hours=2), make_organization()
    add_member(mine, member)
    add_member(mine, make_user(name="Somebody else"))
    [found] = sign_in(member).organizations_of()
    assert (found["name"], found["auto_off_threshold"]) == (mine.name, 2 * HOUR)
    assert found["environment_count"] == found["workspace_count"] == 0
    assert [each["id"] for each in found["members"]] == [str(member.pk)]


def test_a_manager_sees_the_members_and_so_finds_their_organizations(sign_in: Sign) -> None:
    organization, manager, member = make_organization(), make_user(), make_user()
    add_member(organization, manager, OrganizationRole.MANAGER)
    add_member(organization, member)
    client = sign_in(manager)
    assert len(client.organizations_of(member.email)) == 1
    members = client.call("GET", f"/api/v0/orgs/{organization.pk}/members", out=ORGANIZATION["members"])
    assert {each["organization_roles"][0] for each in members} == {"organization-manager", "organization-member"}


def test_users_ls_shows_everybody_to_those_who_may_see_the_list(auditor: User, member: User, sign_in: Sign) -> None:
    assert {each["email"] for each in sign_in(auditor).users()} == {auditor.email, member.email}
    assert [each["email"] for each in sign_in(member).users()] == [member.email]
    with pytest.raises(CoderError, match="404"):
        sign_in(member).call("GET", f"/api/v0/users/{auditor.pk}")


def test_an_organization_is_made_changed_and_deleted(site_manager: User, sign_in: Sign) -> None:
    make_built_in()
    default = make_organization(is_default=True)
    client = sign_in(site_manager)
    body = {"name": "Platform", "description": "", "default": False, "resource_namespace": "coder"}
    body |= {"auto_off_threshold": 8 * HOUR, "cpu_provisioning_rate": 1, "memory_provisioning_rate": 1}
    client.call("POST", "/api/v0/orgs", body)
    made = Organization.objects.get(name="Platform")
    assert (made.auto_off_hours, made.allowlist.count()) == (8, 1)
    nulls = dict.fromkeys(("name", "default", "auto_off_threshold", "cpu_provisioning_rate"))
    client.call("PATCH", f"/api/v0/orgs/{made.pk}", nulls | {"description": "Runs the clusters."})
    made.refresh_from_db()
    assert (made.name, made.description, made.auto_off_hours) == ("Platform", "Runs the clusters.", 8)
    client.call("PATCH", f"/api/v0/orgs/{made.pk}", {"auto_off_threshold": 0, "default": True})
    made.refresh_from_db()
    assert (made.auto_off_hours, made.is_default) == (None, True)
    with pytest.raises(CoderError, match="409: Platform is the default organization"):
        client.call("DELETE", f"/api/v0/orgs/{made.pk}")
    client.call("DELETE", f"/api/v0/orgs/{default.pk}")
    with pytest.raises(CoderError, match="404"):
        client.call("DELETE", f"/api/v0/orgs/{default.pk}")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "A", "description": "x" * 256}, "description"),
        ({"name": "A", "auto_off_threshold": 90_000}, "auto_off_threshold"),
        ({"name": "A", "auto_off_threshold": -HOUR}, "auto_off_hours"),
        ({"name": "A", "auto_off_threshold": "1h"}, "auto_off_threshold"),
        ({"name": "A", "cpu_provisioning_rate": 2}, "cpu_provisioning_rate"),
    ],
)
def test_what_is_wrong_with_an_organization_is_told(
    body: dict[str, Any], field: str, site_manager: User, sign_in: Sign
) -> None:
    with pytest.raises(CoderError, match=f"400: {field}: "):
        sign_in(site_manager).call("POST", "/api/v0/orgs", body)
    assert not Organization.objects.exists()


def test_only_site_managers_change_organizations_and_people(member: User, sign_in: Sign) -> None:
    organization = make_organization()
    add_member(organization, member, OrganizationRole.MANAGER)
    client = sign_in(member)
    for method, path in (
        ("POST", "/api/v0/orgs"),
        ("PATCH", f"/api/v0/orgs/{organization.pk}"),
        ("DELETE", f"/api/v0/orgs/{organization.pk}"),
        ("POST", "/api/v0/users"),
        ("DELETE", "/api/v0/users/" + str(member.pk)),
    ):
        with pytest.raises(CoderError, match="403"):
            client.call(method, path, {"name": "x", "email": "x@example.com"})
    with pytest.raises(CoderError, match="404"):
        client.call("DELETE", f"/api/v0/orgs/{make_organization().pk}")


def test_an_account_is_made_with_a_password_that_is_told_once(site_manager: User, sign_in: Sign) -> None:
    organization = make_organization()
    client = sign_in(site_manager)
    body = {
        "name": "Ada",
        "email": "ADA@example.com",
        "login_type": "built-in",
        "organizations": [str(organization.pk)],
    }
    made = client.call("POST", "/api/v0/users", body, out=USER)
    user = User.objects.get(email="ada@example.com")
    assert user.check_password(made["password"])
    assert made["temporary_password"]
    assert list(user.organizations.all()) == [organization]
    for wrong in (
        {"password": "chosen by somebody"},
        {"login_type": "saml"},
        {"email": "no"},
        {"organizations": ["x"]},
    ):
        with pytest.raises(CoderError, match=f"400: {next(iter(wrong))}"):
            client.call("POST", "/api/v0/users", body | {"email": "b@example.com"} | wrong)


def test_an_account_is_revoked_and_its_role_changed(site_admin: User, site_manager: User, sign_in: Sign) -> None:
    member = make_user()
    client, admin = sign_in(site_manager), sign_in(site_admin)
    path = f"/api/v0/users/{member.pk}"
    client.call("PATCH", path, {"roles": ["site-auditor"]})
    with pytest.raises(CoderError, match="400: site_role"):
        client.call("PATCH", path, {"roles": ["site-manager"]})
    admin.call("PATCH", path, {"roles": ["site-manager"]})
    with pytest.raises(CoderError, match="403: Only the site admin"):
        client.call("PATCH", path, {"revoked": True})
    admin.call("PATCH", path, {"revoked": True})
    member.refresh_from_db()
    assert (member.is_active, member.site_role) == (False, SiteRole.MANAGER)
    with pytest.raises(CoderError, match=r"409: .* can't be deleted"):
        admin.call("DELETE", path)


def test_one_s_own_password_takes_the_old_one(member: User, sign_in: Sign) -> None:
    client, new = sign_in(member), "quite another battery"
    with pytest.raises(CoderError, match="400: current: This is not your current password"):
        client.call("PATCH", "/api/v0/users/me", {"old_password": "wrong", "password": new})
    client.call("PATCH", "/api/v0/users/me", {"old_password": PASSWORD, "password": new})
    assert client.log_in_with_password(member.email, new)
    with pytest.raises(CoderError, match="400: email: This can't be changed"):
        client.call("PATCH", "/api/v0/users/me", {"email": "other@example.com"})
    client.call("PATCH", "/api/v0/users/me", {"email": member.email, "name": member.name})


def test_one_s_own_password_can_not_be_found_by_guessing(member: User, sign_in: Sign) -> None:
    client, new = sign_in(member), "quite another battery"
    for number in range(settings.AXES_FAILURE_LIMIT - 1):
        with pytest.raises(CoderError, match="400: current"):
            client.call("PATCH", "/api/v0/users/me", {"old_password": f"guess {number}", "password": new})
    for old in ("one more", PASSWORD):
        with pytest.raises(CoderError, match="429: Too many attempts failed"):
            client.call("PATCH", "/api/v0/users/me", {"old_password": old, "password": new})
    failed = AuditEvent.objects.filter(actor_name=member.email, action="user.sign_in", outcome="failed")
    assert failed.count() == settings.AXES_FAILURE_LIMIT - 1


def test_what_clients_tell_their_web_page_is_taken(member: User, sign_in: Sign) -> None:
    client = sign_in(member)
    client.call("PUT", f"/api/private/users/{member.pk}/ux-state", {"cliSSHConfigured": {"x": True}})


def test_images_are_imported_changed_and_tagged(sign_in: Sign) -> None:
    organization, member, manager = make_organization(), make_user(), make_user()
    add_member(organization, member)
    add_member(organization, manager, OrganizationRole.MANAGER)
    client, boss = sign_in(member), sign_in(manager)
    body = {"org_id": str(organization.pk), "repository": "team/node", "tag": "22", "default_cpu_cores": 1.5}
    body |= {"default_memory_gb": 0, "default_disk_gb": 30, "description": "", "url": "", "registry_id": None}
    client.call("POST", "/api/v0/images", body)
    [image] = client.images(str(organization.pk))
    assert (image["default_cpu_cores"], image["default_memory_gb"], image["default_disk_gb"]) == (1.5, 4, 30)
    path = f"/api/v0/images/{image['id']}"
    with pytest.raises(CoderError, match=r"400: .*The organization has this image already"):
        client.call("POST", "/api/v0/images", body)
    with pytest.raises(CoderError, match=r"403: Only those who manage"):
        client.call("PATCH", path, {"deprecated": True})
    client.call("POST", f"{path}/tags", {"tag": "23", "default": False})
    client.call("POST", f"{path}/tags", {"tag": "23", "default": False})
    boss.call("PATCH", path, {"deprecated": True, "default_tag": "23", "default_disk_gb": None})
    found = client.image(image["id"])
    assert (found["deprecated"], found["default_tag"]["tag"], found["default_disk_gb"]) == (True, "23", 30)
    with pytest.raises(CoderError, match="409: 23 is the default tag"):
        boss.call("DELETE", f"{path}/tags/23")
    boss.call("DELETE", f"{path}/tags/22")
    boss.call("DELETE", f"{path}/tags/22")
    assert [tag["tag"] for tag in client.call("GET", f"{path}/tags", out=[{}])] == ["23"]
    for wrong in ({"url": "javascript:x"}, {"default_disk_gb": 9000}, {"default_tag": "none"}):
        with pytest.raises(CoderError, match=f"400: {next(iter(wrong))}"):
            boss.call("PATCH", path, wrong)


def test_a_tag_that_environments_have_stays(site_manager: User, sign_in: Sign) -> None:
    environment = make_known_environment(tag="22")
    image = make_image(environment.organization, environment.image, "23")
    client, path = sign_in(site_manager), f"/api/v0/images/{image.pk}"
    client.call("PATCH", path, {"default_tag": "23"})
    with pytest.raises(CoderError, match="409: 1 environments have"):
        client.call("DELETE", f"{path}/tags/22")


def test_the_images_of_a_deleted_organization_go_with_its_environments(site_manager: User, sign_in: Sign) -> None:
    default = make_organization(is_default=True)
    known = make_image(default, "team/both", "1")
    environment = make_known_environment(image="team/only", tag="7")
    make_image(environment.organization, "team/both", "2")
    client = sign_in(site_manager)
    client.call("DELETE", f"/api/v0/orgs/{environment.organization_id}")
    assert set(known.tags.values_list("tag", flat=True)) == {"1", "2"}
    assert Image.objects.get(repository="team/only").organization == default
    [moved] = client.all_environments()
    assert client.image(moved["image_id"])["repository"] == "team/only"
    assert Environment.objects.get().organization == default


def test_what_this_deployment_does_not_have_is_answered(member: User, sign_in: Sign) -> None:
    client = sign_in(member)
    organization = make_organization()
    assert client.call("GET", f"/api/v0/registries?org={organization.pk}", out=[{}]) == []
    for path in ("/api/private/satellites", "/api/private/webrtc/ice"):
        assert client.call("GET", path, out={"data": [{}]}) == {"data": []}
    assert client.call("GET", "/api/v0/workspaces/config", out={})["enable_container_vms"] is False
    assert client.call("GET", "/api/private/auth/config", out={})["provider_type"] == "built-in"
    assert Client().get("/api/private/config/setup-mode").json() == {"setup_mode": False}


def test_a_change_that_changes_nothing_writes_nothing(site_manager: User, sign_in: Sign) -> None:
    image = make_image(make_organization(), "team/node", "22")
    sign_in(site_manager).call("PATCH", f"/api/v0/images/{image.pk}", {"deprecated": False, "default_tag": "22"})
    assert Image.objects.get().updated_at == image.updated_at
    assert not AuditEvent.objects.filter(action="image.update").exists()
