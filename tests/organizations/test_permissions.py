"""The matrix of permissions as data, and that it is what decides."""

import re
from pathlib import Path

import pytest

from organizations.choices import SiteRole
from organizations.models import User
from organizations.permissions import MATRIX, Ground, May, allows
from tests.people import make_support_person, make_user

CHECKOUT = Path(__file__).parents[2]
APPS = ("organizations", "authentication", "providers", "environments", "infrastructure")
LOOKS = ("SEE_", "LIST_", "READ_", "ASK_")


def test_every_permission_is_in_the_matrix_and_asked_for() -> None:
    assert MATRIX.keys() == set(May)
    code = [path for app in APPS for path in (CHECKOUT / app).rglob("*.py") if path.name != "permissions.py"]
    asked = {name for path in code for name in re.findall(r"\bMay\.([A-Z_]+)", path.read_text())}
    assert asked == {permission.name for permission in May}


def test_the_site_admin_may_what_a_site_manager_may_and_auditors_only_look() -> None:
    for permission, grounds in MATRIX.items():
        assert Ground.ADMIN in grounds or Ground.MANAGER not in grounds, permission
        assert Ground.AUDITOR not in grounds or permission.name.startswith(LOOKS), permission


@pytest.mark.django_db
@pytest.mark.parametrize("permission", May)
def test_a_site_role_gives_what_the_matrix_says(permission: May) -> None:
    grounds = {SiteRole.ADMIN: Ground.ADMIN, SiteRole.MANAGER: Ground.MANAGER, SiteRole.AUDITOR: Ground.AUDITOR}
    for role, ground in grounds.items():
        person = User(email="ada@example.com", site_role=role)
        assert allows(person, permission) == (ground in MATRIX[permission])
        person.is_active = False
        assert not allows(person, permission)
    assert not allows(User(email="ada@example.com", site_role=SiteRole.MEMBER), permission)
    assert not allows(None, permission)


@pytest.mark.django_db
def test_a_relation_counts_only_where_the_matrix_says_so_and_is_not_asked_about_otherwise() -> None:
    person, asked = make_user(), []

    def holds() -> bool:
        asked.append(1)
        return True

    assert allows(person, May.USE_ENVIRONMENT, {Ground.OWNER: holds})
    assert len(asked) == 1
    assert not allows(person, May.USE_ENVIRONMENT, {Ground.ORGANIZATION_MEMBER: holds})
    assert not allows(person, May.MANAGE_PROVIDERS, {Ground.OWNER: holds})
    assert len(asked) == 1


@pytest.mark.django_db
def test_support_staff_may_help_and_nothing_that_needs_a_role() -> None:
    helper = make_support_person()
    given = {permission for permission in May if allows(helper, permission)}
    assert given == {permission for permission, grounds in MATRIX.items() if Ground.SUPPORT in grounds}
