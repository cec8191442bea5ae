"""People and organizations for tests: one of each site role, and functions that make more."""

from functools import cache
from importlib import import_module
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
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


def make_support_person(site_role: SiteRole = SiteRole.MEMBER, **fields: Any) -> User:
    user = make_user(site_role, is_staff=True, **fields)
    user.groups.add(support_group())
    return user


def support_group() -> Group:
    """That of the migration; tests with transactions empty its table."""
    made: Group = import_module("environments.migrations.0006_support_staff").make_group(apps)
    return made


def signed_in(user: User) -> Client:
    """A browser of its own in which `user` is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def site_admin(db: None) -> User:
    return make_user(SiteRole.ADMIN, email="admin@example.com", is_superuser=True)


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
    return make_support_person(email="support@example.com")
