"""People and organizations for tests: one of each site role, and functions that make more."""

from functools import cache
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Membership, Organization, User

PASSWORD = "correct horse battery staple"
_numbers = count(1)


@cache
def hashed_password() -> str:
    """Argon2 is slow on purpose: one hash does for all people of a run."""
    return make_password(PASSWORD)


def make_user(site_role: SiteRole = SiteRole.MEMBER, **fields: Any) -> User:
    username = f"person{next(_numbers)}"
    fields = {"email": f"{username}@example.com", "username": username} | fields
    return User.objects.create(site_role=site_role, password=hashed_password(), **fields)


def make_organization(**fields: Any) -> Organization:
    fields.setdefault("name", f"organization-{next(_numbers)}")
    return Organization.objects.create(**fields)


def add_member(organization: Organization, user: User, role: OrganizationRole = OrganizationRole.MEMBER) -> Membership:
    return Membership.objects.create(organization=organization, user=user, role=role)


def signed_in(user: User) -> Client:
    """A browser of its own in which `user` is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def site_admin(db: None) -> User:
    return make_user(SiteRole.ADMIN, email="admin@example.com", is_staff=True, is_superuser=True)


@pytest.fixture
def site_manager(db: None) -> User:
    return make_user(SiteRole.MANAGER, email="manager@example.com")


@pytest.fixture
def auditor(db: None) -> User:
    return make_user(SiteRole.AUDITOR, email="auditor@example.com")


@pytest.fixture
def member(db: None) -> User:
    return make_user(email="member@example.com")


@pytest.fixture
def support_person(db: None) -> User:
    return make_user(email="support@example.com", is_staff=True)
