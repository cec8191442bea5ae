"""Invitations while built-in sign-in is switched off: they lead to single sign-on, as far as it lets the person in."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.services import SYSTEM
from authentication.claims import Person
from authentication.configuration import Configuration
from authentication.services import admit
from organizations import services
from organizations.choices import SiteRole
from organizations.errors import RefusedError
from organizations.links import tokens
from organizations.models import Invitation, User
from organizations.support.helping import address_of
from tests.api.things import Program, problem_of
from tests.organizations.mails import Post
from tests.people import signed_in

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "single sign-on lets no manager or support staff in by an e-mail alone."
REMEDY = "Let the person be an ordinary member until the first sign-in, and give the rest then."
FORM = {"email": "ada@example.com", "invite": "on"}


def switch(*, built_in: bool) -> None:
    values = {"built_in": built_in, "openid_connect": True, "issuer": "https://id.example.com"}
    Configuration.objects.update_or_create(defaults=values, pk=1)


@pytest.fixture
def single_sign_on_only(post: Post) -> None:
    switch(built_in=False)


def invited(**fields: Any) -> User:
    user, _ = services.create_user(actor=SYSTEM, email="ada@example.com", invite=True, **fields)
    return user


def later() -> None:
    Invitation.objects.update(asked_at=timezone.now() - timedelta(minutes=2))


@pytest.mark.usefixtures("single_sign_on_only")
def test_the_mail_leads_to_single_sign_on_which_accepts_it(post: Post, mailoutbox: Any) -> None:
    user = invited()
    post.work()
    (mail,) = mailoutbox
    assert "/sign-in/\n" in mail.body and "ada@example.com" in mail.body and "single sign-on" in mail.body
    assert "/sign-in/password/" not in mail.body
    person = Person.of({"sub": "1", "email": user.email, "email_verified": True}, groups_claim="groups")
    assert admit(person=person, configuration=Configuration.load(), address=None) == user
    assert Invitation.objects.get().state == "accepted"


@pytest.mark.usefixtures("single_sign_on_only")
def test_the_pages_offer_it_and_say_what_it_is(post: Post, site_manager: User) -> None:
    client = signed_in(site_manager)
    assert "how to sign in with single sign-on" in client.get("/manage/users/new/").text
    made = client.post("/manage/users/new/", FORM | {"site_role": "site-member"}, follow=True)
    address = made.redirect_chain[0][0]
    post.work()
    Invitation.objects.update(sent_at=timezone.now() - timedelta(days=8))
    text = client.get(address).text
    assert "opens nothing while built-in sign-in is switched off" in text and "its link has ended" not in text
    later()
    asked = client.get(f"{address}invite/").text
    assert "another mail that says how to sign in with single sign-on" in asked and "It works once" not in asked
    assert "is sent to ada@example.com again" in client.post(f"{address}invite/", follow=True).text


@pytest.mark.usefixtures("single_sign_on_only")
def test_nobody_is_invited_whom_an_email_does_not_let_in(site_admin: User) -> None:
    page = signed_in(site_admin).post("/manage/users/new/", FORM | {"site_role": "site-manager"})
    assert f"{REASON} {REMEDY}" in page.context["form"].non_field_errors()[0]
    body = {"email": "ada@example.com", "site_role": "site-manager"}
    problem = problem_of(Program(site_admin).post("/users", body), 409)
    assert REASON in problem["detail"] and problem["remedy"] == REMEDY
    assert not User.objects.filter(email="ada@example.com").exists()
    assert not Invitation.objects.exists()


def test_an_open_link_tells_what_to_do_and_opens_nothing_meanwhile(post: Post) -> None:
    user = invited()
    post.work()
    link, waiting = post.link(), Client()
    form = waiting.get(link)["Location"]
    switch(built_in=False)
    new = {"new_password1": "another long enough one 2026", "new_password2": "another long enough one 2026"}
    for answer in (Client().get(link), waiting.get(form), waiting.post(form, new)):
        assert "Sign in with single sign-on" in answer.text and 'type="password"' not in answer.text
    with pytest.raises(RefusedError):
        services.choose_password(address=None, user=user, token=tokens.make_token(user), password="x")
    assert not User.objects.get(pk=user.pk).has_usable_password()
    switch(built_in=True)
    assert Client().get(link).status_code == 302


def test_an_open_invitation_of_who_manages_is_not_sent_again_and_says_why(
    post: Post, mailoutbox: Any, site_admin: User, support_person: User
) -> None:
    user = invited(site_role=SiteRole.MANAGER)
    switch(built_in=False)
    post.work()
    assert not mailoutbox and f"{REASON} {REMEDY}" in Invitation.objects.get().problem
    later()
    for client, address in (
        (signed_in(site_admin), f"/manage/users/{user.pk}/invite/"),
        (signed_in(support_person), address_of(user, "invite")),
    ):
        for ask in (client.get, client.post):
            assert REMEDY in ask(address, follow=True).text
    assert REASON in problem_of(Program(site_admin).post(f"/users/{user.pk}/invite"), 409)["detail"]
    services.set_site_role(actor=SYSTEM, user=user, site_role=SiteRole.MEMBER)
    services.resend_invitation(actor=SYSTEM, user=User.objects.get(pk=user.pk))


def test_a_forgotten_password_is_only_that_of_the_site_admin(
    post: Post, mailoutbox: Any, site_admin: User, member: User
) -> None:
    switch(built_in=False)
    for user in (site_admin, member):
        services.ask_for_link(actor=SYSTEM, email=user.email)
    post.work()
    assert [mail.to for mail in mailoutbox] == [[site_admin.email]]
    assert Client().get(post.link()).status_code == 302
