"""What the database and the services promise about accounts."""

import pytest
from django.db import IntegrityError

from audit.models import AuditEvent
from audit.services import Actor
from organizations.choices import SiteRole
from organizations.errors import RefusedError
from organizations.models import User
from organizations.services import change_password, ensure_site_admin, reset_password
from tests.people import make_user


def test_it_makes_the_site_admin_once_and_keeps_the_password(db: None) -> None:
    admin, created = ensure_site_admin(email="Root@Example.com", password="a first password 1")
    assert created
    assert (admin.email, admin.site_role, admin.is_staff) == ("root@example.com", SiteRole.ADMIN, False)
    again, created = ensure_site_admin(email="other@example.com", password="a second password 2")
    assert not created
    assert again == admin
    assert again.check_password("a first password 1")
    assert AuditEvent.objects.filter(action="user.create").count() == 1


def test_it_does_not_take_someone_elses_email_for_the_site_admin(member: User) -> None:
    with pytest.raises(IntegrityError):
        ensure_site_admin(email=member.email, password="a first password 1")


def test_the_database_refuses_a_second_site_admin(site_admin: User, member: User) -> None:
    with pytest.raises(IntegrityError, match="user_one_site_admin"):
        User.objects.filter(pk=member.pk).update(site_role=SiteRole.ADMIN)


def test_the_database_refuses_the_same_email_in_another_case(member: User) -> None:
    with pytest.raises(IntegrityError, match="user_email_unique"):
        make_user(email="MEMBER@example.com")


def test_passwords_are_hashed_with_argon2(db: None) -> None:
    assert User.objects.create_user("new@example.com", "one more password").password.startswith("argon2")


def test_an_account_without_a_password_can_not_be_used_to_sign_in(db: None) -> None:
    assert not User.objects.create_user("new@example.com").has_usable_password()


def test_a_change_on_its_way_does_not_undo_a_reset(site_manager: User, member: User) -> None:
    """By somebody who knows the old password, and has asked before the reset."""
    on_its_way = User.objects.get(pk=member.pk)
    given = reset_password(actor=Actor(user=site_manager), user=member)
    with pytest.raises(RefusedError):
        change_password(actor=Actor(user=on_its_way), user=on_its_way, password="one more password")
    member.refresh_from_db()
    assert member.check_password(given) and member.must_change_password


def test_a_changed_password_is_no_longer_a_given_one(db: None) -> None:
    user = make_user(must_change_password=True)
    change_password(actor=Actor(user=user), user=user, password="one more password")
    user.refresh_from_db()
    assert not user.must_change_password
    assert user.check_password("one more password")
