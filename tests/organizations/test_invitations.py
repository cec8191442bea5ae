"""Invitations: asked for, sent by a worker, accepted; and what goes wrong on the way."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import SYSTEM, Actor
from authentication.claims import Person
from authentication.configuration import Configuration
from authentication.services import admit
from organizations import services
from organizations.choices import SiteRole
from organizations.errors import RefusedError
from organizations.links import tokens
from organizations.mail import MailError
from organizations.models import Invitation, User
from organizations.services import invitations
from providers.choices import AccessURLState
from providers.models import AccessURL
from tests.organizations.mails import Post
from tests.organizations.threads import at_once
from tests.people import make_support_person, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def invited(actor: Actor = SYSTEM, email: str = "ada@example.com", **fields: Any) -> User:
    user, password = services.create_user(actor=actor, email=email, invite=True, **fields)
    assert password == ""
    return user


def a_minute_later(user: User, minutes: float = 1) -> None:
    moved = Invitation.objects.get(user=user)
    moved.asked_at -= timedelta(minutes=minutes)
    if moved.next_try_at:
        moved.next_try_at -= timedelta(minutes=minutes)
    moved.save()


def outcomes() -> list[tuple[str, str, str]]:
    rows = AuditEvent.objects.exclude(action="user.create").order_by("id")
    return list(rows.values_list("action", "outcome", "actor_name"))


def test_a_new_person_gets_a_mail_and_no_password(post: Post, mailoutbox: Any, site_manager: User) -> None:
    user = invited(Actor(user=site_manager), name="Ada <b>")
    assert not user.has_usable_password() and not user.must_change_password
    assert user.invitation.state == "waiting"
    assert post.messages == [("organizations.send_invitation", [str(user.pk)])]
    post.work()
    (mail,) = mailoutbox
    assert (mail.to, mail.subject, mail.content_subtype) == (["ada@example.com"], "Your CoderAdmin account", "plain")
    assert "Hello Ada <b>," in mail.body and len(mail.body) < 700
    user = User.objects.get(pk=user.pk)
    assert user.invitation.state == "sent" and user.invitation.sent_at
    assert outcomes() == [
        ("user.invite", "requested", "manager@example.com"),
        ("user.invite", "succeeded", "system"),
    ]


def test_the_link_is_in_the_mail_and_nowhere_else(
    post: Post, mailoutbox: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    user = invited()
    token = tokens.make_token(user)
    waiting = str(post.messages)
    post.work()
    sent = post.link().rstrip("/").rpartition("/")[2]
    stored = str(list(AuditEvent.objects.values())) + str(list(Invitation.objects.values()))
    for secret in (sent, token):
        assert secret not in waiting + stored + caplog.text + capsys.readouterr().out


def test_the_link_is_at_the_access_url_of_the_moment(post: Post, mailoutbox: Any) -> None:
    invited()
    AccessURL.objects.create(url="https://new.example.com", state=AccessURLState.CURRENT)
    post.work()
    assert "https://new.example.com/sign-in/password/" in mailoutbox[0].body


def test_without_a_mail_server_nobody_is_invited() -> None:
    with pytest.raises(RefusedError, match="sends no mail"):
        invited()
    assert not User.objects.exists()


def test_a_message_that_comes_twice_sends_one_mail(post: Post, mailoutbox: Any) -> None:
    user = invited()
    at_once(*[lambda: services.send_invitation(user.pk)] * 3)
    post.work()
    assert len(mailoutbox) == 1


def test_a_message_that_was_lost_is_found_by_the_sweep(post: Post) -> None:
    user = invited()
    assert services.due_invitations() == [user.pk]
    post.work()
    assert services.due_invitations() == []


def test_a_server_that_fails_is_tried_again_and_told_of(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise MailError("The mail server can't be reached.")

    monkeypatch.setattr(invitations, "send_link", fail)
    user = invited()
    for attempt in range(1, invitations.MOST_ATTEMPTS + 1):
        services.send_invitation(user.pk)
        services.send_invitation(user.pk)  # too early
        found = Invitation.objects.get(user=user)
        assert (found.attempts, found.problem) == (attempt, "The mail server can't be reached.")
        assert found.state == ("waiting" if attempt < invitations.MOST_ATTEMPTS else "failed")
        a_minute_later(user, 17)
    assert outcomes()[1:] == [("user.invite", "failed", "system")]
    assert AuditEvent.objects.latest("id").after == {"problem": "The mail server can't be reached."}
    monkeypatch.undo()


def test_what_breaks_off_each_time_ends_too(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(invitations, "send_link", break_off)
    user = invited()
    for _ in range(invitations.MOST_ATTEMPTS):
        with pytest.raises(RuntimeError):
            services.send_invitation(user.pk)
        a_minute_later(user, 3)
    services.send_invitation(user.pk)
    assert Invitation.objects.get(user=user).state == "failed"
    assert outcomes()[1:] == [("user.invite", "failed", "system")]
    assert services.due_invitations() == []


def test_an_address_that_is_refused_for_good_is_not_tried_again(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise MailError("No.", is_final=True)

    monkeypatch.setattr(invitations, "send_link", refuse)
    user = invited()
    services.send_invitation(user.pk)
    assert Invitation.objects.get(user=user).state == "failed"


def test_it_is_sent_again_once_a_minute_and_both_links_work(post: Post, mailoutbox: Any) -> None:
    user = invited()
    post.work()
    first = post.link()
    with pytest.raises(RefusedError, match="less than a minute ago"):
        services.resend_invitation(actor=SYSTEM, user=user)
    a_minute_later(user)
    services.resend_invitation(actor=SYSTEM, user=user)
    post.work()
    assert len(mailoutbox) == 2
    for link in (first, post.link()):
        assert tokens.check_token(User.objects.get(pk=user.pk), link.rstrip("/").rpartition("/")[2])


def test_of_two_who_send_it_again_at_once_one_does(post: Post, mailoutbox: Any) -> None:
    user = invited()
    post.work()
    a_minute_later(user)
    refusals = at_once(*[lambda: services.resend_invitation(actor=SYSTEM, user=user)] * 3)
    post.work()
    assert (len(refusals), len(mailoutbox)) == (2, 2)


def test_who_may_send_it_again(post: Post, site_admin: User, site_manager: User, auditor: User, member: User) -> None:
    helper = make_support_person()
    manager, ordinary = invited(email="m@example.com", site_role=SiteRole.MANAGER), invited()
    for person, may in (
        (site_admin, [manager, ordinary]),
        (site_manager, [ordinary]),
        (helper, [manager, ordinary]),
        (auditor, []),
        (member, []),
    ):
        for user in (manager, ordinary):
            a_minute_later(user)
            if user in may:
                services.resend_invitation(actor=Actor(user=person), user=user)
            else:
                with pytest.raises(PermissionDenied):
                    services.resend_invitation(actor=Actor(user=person), user=user)


def test_who_accepted_was_never_invited_or_is_deactivated_gets_none(post: Post, mailoutbox: Any) -> None:
    user = invited()
    a_minute_later(user)
    services.deactivate_user(actor=SYSTEM, user=user)
    with pytest.raises(RefusedError, match="is deactivated"):
        services.resend_invitation(actor=SYSTEM, user=user)
    post.work()
    assert not mailoutbox
    assert Invitation.objects.get().problem == "The account is deactivated."
    with pytest.raises(RefusedError, match="was not invited"):
        services.resend_invitation(actor=SYSTEM, user=make_user())
    services.activate_user(actor=SYSTEM, user=user)
    services.accept_invitation(actor=SYSTEM, user=user)
    with pytest.raises(RefusedError, match="has accepted"):
        services.resend_invitation(actor=SYSTEM, user=user)


def test_a_temporary_password_takes_the_place_of_the_invitation(post: Post, mailoutbox: Any) -> None:
    user = invited()
    token = tokens.make_token(user)
    services.reset_password(actor=SYSTEM, user=user)
    post.work()
    assert not mailoutbox and not Invitation.objects.exists()
    assert not tokens.check_token(User.objects.get(pk=user.pk), token)


def test_signing_in_by_openid_connect_accepts_it(post: Post) -> None:
    user = invited()
    claims = {"sub": "1", "email": user.email, "email_verified": True}
    person = Person.of(claims, groups_claim="groups")
    admit(person=person, configuration=Configuration(issuer="https://id.example.com"), address=None)
    assert Invitation.objects.get(user=user).state == "accepted"
    assert ("user.accept_invitation", "succeeded", "OpenID Connect claim") in outcomes()


def test_an_invitation_that_was_not_used_for_a_week_has_ended(post: Post) -> None:
    user = invited()
    post.work()
    Invitation.objects.update(sent_at=timezone.now() - timedelta(days=7, seconds=1))
    assert Invitation.objects.get(user=user).has_ended
