"""What the database and the services promise about accounts."""

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from organizations.choices import SiteRole
from organizations.models import User
from organizations.services import change_password, create_user, ensure_site_admin
from tests.people import make_user


def test_it_makes_the_site_admin_once_and_keeps_the_password(db: None) -> None:
    admin, created = ensure_site_admin(email="Root@Example.com", password="a first password 1")
    assert created
    assert (admin.email, admin.site_role, admin.is_staff) == ("root@example.com", SiteRole.ADMIN, True)
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
    user = create_user(actor=SYSTEM, email="new@example.com", password="one more password")
    assert user.password.startswith("argon2")


def test_an_account_without_a_password_can_not_be_used_to_sign_in(db: None) -> None:
    assert not create_user(actor=SYSTEM, email="new@example.com").has_usable_password()


def test_a_new_account_is_in_the_audit_trail_without_its_password(site_manager: User) -> None:
    actor = Actor(user=site_manager, address="203.0.113.9")
    user = create_user(actor=actor, email="new@example.com", password="one more password", site_role=SiteRole.AUDITOR)
    event = AuditEvent.objects.get(action="user.create")
    assert (event.actor_id, event.address, event.target_id) == (site_manager.pk, "203.0.113.9", str(user.pk))
    assert event.after == {"email": "new@example.com", "site_role": "site-auditor", "is_staff": False}


def test_nothing_is_written_when_the_email_is_taken(member: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        create_user(actor=SYSTEM, email=member.email)
    assert not AuditEvent.objects.filter(action="user.create").exists()


def test_a_changed_password_is_no_longer_a_given_one(db: None) -> None:
    user = make_user(must_change_password=True)
    change_password(actor=Actor(user=user), user=user, password="one more password")
    user.refresh_from_db()
    assert not user.must_change_password
    assert user.check_password("one more password")
