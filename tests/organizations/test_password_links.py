"""Choosing a password by a link, asking for one, and what the pages say of an invitation."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import SYSTEM
from organizations import services
from organizations.errors import RefusedError
from organizations.links import LinkTokens, tokens
from organizations.models import Invitation, User
from organizations.support.helping import address_of
from tests.api.things import Program, problem_of
from tests.organizations.mails import Post
from tests.organizations.threads import at_once
from tests.people import PASSWORD, make_user, signed_in

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "another long enough one 2026"
FORGOTTEN = "/sign-in/password/"
CSRF_TOKEN = re.compile(r"\b[A-Za-z0-9]{64}\b")


@pytest.fixture(autouse=True)
def nobody_asked_yet() -> None:
    cache.clear()


@pytest.fixture
def ada(post: Post) -> User:
    """Invited, by a mail that was sent."""
    user, _ = services.create_user(actor=SYSTEM, email="ada@example.com", invite=True)
    post.work()
    return user


def choose(client: Client, link: str, password: str = NEW) -> Any:
    page = client.get(link)
    address = page.headers.get("Location", link)
    return client.post(address, {"new_password1": password, "new_password2": password})


def is_open(link: str) -> bool:
    return Client().get(link).status_code == 302


def forget(email: str) -> Any:
    return Client().post(FORGOTTEN, {"email": email}, follow=True)


def test_an_invited_person_chooses_a_password_and_signs_in(post: Post, ada: User) -> None:
    client, link = Client(), post.link()
    assert choose(client, link)["Location"] == "/sign-in/"
    assert "Your password is saved." in client.get("/sign-in/").text
    assert client.get("/account/").status_code == 302, "nobody is signed in by the link"
    assert client.post("/sign-in/", {"username": ada.email, "password": NEW})["Location"] == "/"
    assert Invitation.objects.get().state == "accepted"
    event = AuditEvent.objects.get(action="user.accept_invitation")
    assert (event.actor_name, event.target_id, event.address) == (ada.email, str(ada.pk), "127.0.0.1")


def test_the_token_leaves_the_address_at_once_and_is_on_no_page(post: Post, ada: User) -> None:
    client, link = Client(), post.link()
    token = link.rstrip("/").rpartition("/")[2]
    redirect = client.get(link)
    assert token not in redirect["Location"]
    page = client.get(redirect["Location"])
    assert "Choose your password" in page.text and token not in page.text
    for answer in (redirect, page):
        assert "no-store" in answer["Cache-Control"]
        assert answer["Referrer-Policy"] == "same-origin"
    assert token not in str(client.session.items())


def test_looking_does_not_use_it_up_and_choosing_does(post: Post, ada: User) -> None:
    link = post.link()
    assert is_open(link) and is_open(link)
    waiting = Client()
    form = waiting.get(link)["Location"]
    choose(Client(), link)
    assert not is_open(link)
    assert "This link has ended" in Client().get(link).text
    late = waiting.post(form, {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert "This link has ended" in late.text
    assert User.objects.get(pk=ada.pk).check_password(NEW)


def test_of_two_who_choose_at_once_by_the_same_link_one_does(ada: User) -> None:
    token = tokens.make_token(ada)

    def choose_by_service() -> None:
        services.choose_password(address=None, user=ada, token=token, password=NEW)

    refusals = at_once(*[choose_by_service] * 3)
    assert [type(each) for each in refusals] == [RefusedError] * 2
    assert AuditEvent.objects.filter(action="user.change_password").count() == 1


@pytest.mark.parametrize(("is_invitation", "life"), [(True, timedelta(days=7)), (False, timedelta(hours=1))])
def test_it_works_for_its_time(
    post: Post, ada: User, member: User, monkeypatch: pytest.MonkeyPatch, is_invitation: bool, life: timedelta
) -> None:
    if not is_invitation:
        forget(member.email)
        post.work()
    link = post.link()
    for passed, works in ((life - timedelta(minutes=1), True), (life + timedelta(seconds=2), False)):
        monkeypatch.setattr(LinkTokens, "_now", lambda _, passed=passed: datetime.now() + passed)
        assert is_open(link) is works


def test_it_opens_nothing_for_a_deactivated_person_nor_for_another_one(post: Post, ada: User, member: User) -> None:
    link = post.link()
    token = link.rstrip("/").rpartition("/")[2]
    assert not tokens.check_token(member, token)
    assert not is_open(link.replace(token, token[:-1] + ("0" if token[-1] != "0" else "1")))
    services.deactivate_user(actor=SYSTEM, user=ada)
    assert not is_open(link)


def test_a_password_that_is_no_good_is_an_error_at_its_field(post: Post, ada: User) -> None:
    page = choose(Client(), post.link(), "short")
    assert "new_password2" in page.context["form"].errors and 'id="id_new_password2_error"' in page.text
    assert is_open(post.link())


def test_a_forgotten_password_is_replaced_and_ends_the_sessions(post: Post, member: User, mailoutbox: Any) -> None:
    elsewhere = signed_in(member)
    assert "a mail with a link is on its way" in forget(" Member@example.com ").text
    assert post.messages == [("organizations.send_password_link", [str(member.pk)])]
    post.work()
    assert mailoutbox[0].to == [member.email] and "somebody asked for a new password" in mailoutbox[0].body
    choose(Client(), post.link())
    assert User.objects.get(pk=member.pk).check_password(NEW)
    assert elsewhere.get("/account/").status_code == 302
    rows = AuditEvent.objects.filter(action="user.forget_password").order_by("id")
    assert list(rows.values_list("outcome", "actor_name")) == [("requested", "anonymous"), ("succeeded", "system")]


def test_the_answer_does_not_tell_whether_there_is_an_account(post: Post, member: User, mailoutbox: Any) -> None:
    make_user(email="gone@example.com", is_active=False)
    single = make_user(email="single@example.com")
    single.set_unusable_password()
    single.save()
    answers = set()
    for email in ("member@example.com", "gone@example.com", "single@example.com", "nobody@example.com"):
        answers.add(CSRF_TOKEN.sub("", forget(email).text.replace(email, "EMAIL")))
        assert len(post.messages) == 1, "the same work for everybody"
        post.work()
    assert len(answers) == 1
    assert [mail.to for mail in mailoutbox] == [["member@example.com"]]


def test_mails_are_counted_by_address_of_the_person_and_of_the_client(post: Post, member: User) -> None:
    for _ in range(3):
        assert forget(member.email).status_code == 200
    assert (refused := forget("MEMBER@example.com")).status_code == 429 and "Too many mails" in refused.text
    for number in range(16):  # the refused one counts, too
        assert forget(f"nobody{number}@example.com").status_code == 200
    assert forget("another@example.com").status_code == 429
    assert len(post.messages) == 19


def test_where_no_mail_is_sent_nothing_offers_one(site_manager: User) -> None:
    assert FORGOTTEN not in Client().get("/sign-in/").text
    assert "Ask those who run this deployment" in Client().get(FORGOTTEN).text
    assert forget(site_manager.email).redirect_chain == []
    client = signed_in(site_manager)
    assert "invitation" not in client.get("/manage/users/new/").text
    page = client.post("/manage/users/new/", {"email": "x@example.com", "site_role": "site-member", "invite": "on"})
    assert "invite" in page.context["form"].errors


def test_the_page_of_the_user_tells_what_became_of_it(post: Post, site_manager: User) -> None:
    client = signed_in(site_manager)
    form = {"email": "ada@example.com", "site_role": "site-member"}
    made = client.post("/manage/users/new/", form | {"invite": "on"}, follow=True)
    assert "An invitation is sent to ada@example.com." in made.text and "on its way" in made.text
    address = made.redirect_chain[0][0]
    post.work()
    sent = client.get(address).text
    assert "not accepted yet" in sent and f"{address}invite/" in sent
    assert post.link() not in sent
    assert "less than a minute ago" in client.post(f"{address}invite/", follow=True).text
    Invitation.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    assert "You don&#x27;t see the link" in client.get(f"{address}invite/").text
    assert "is sent to ada@example.com again" in client.post(f"{address}invite/", follow=True).text
    Invitation.objects.update(problem="The mail server can't be reached.")
    assert "could not be sent yet: The mail server can&#x27;t be reached. It is tried again" in client.get(address).text
    Invitation.objects.update(next_try_at=None)
    assert "could not be sent: The mail" in client.get(address).text
    choose(Client(), post_link := _link(post))
    accepted = client.get(address).text
    assert "accepted " in accepted and f"{address}invite/" not in accepted and post_link not in accepted
    assert "You see it this once" in client.post("/manage/users/new/", form | {"email": "b@example.com"}).text


def _link(post: Post) -> str:
    Invitation.objects.update(next_try_at=timezone.now())
    post.work()
    return post.link()


def test_programs_invite(post: Post, site_manager: User) -> None:
    program = Program(site_manager)
    made = program.post("/users", {"email": "ada@example.com"}).json()
    assert (made["temporary_password"], made["invitation"]["state"]) == (None, "waiting")
    assert program.post("/users", {"email": "b@example.com", "invite": False}).json()["temporary_password"]
    path = f"/users/{made['id']}/invite"
    assert "less than a minute ago" in problem_of(program.post(path), 409)["detail"]
    Invitation.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    assert program.post(path).json()["invitation"]["state"] == "waiting"
    post.work()
    assert program.get(f"/users/{made['id']}").json()["invitation"]["sent_at"]
    assert post.link() not in program.get("/users").text


def test_support_staff_send_it_again_and_never_see_the_link(post: Post, ada: User, support_person: User) -> None:
    helper, first = signed_in(support_person), post.link()
    Invitation.objects.update(asked_at=timezone.now() - timedelta(minutes=2))
    page = helper.get(address_of(ada))
    assert address_of(ada, "invite") in page.text and "not accepted yet" in page.text
    asked = helper.get(address_of(ada, "invite"))
    done = helper.post(address_of(ada, "invite"), follow=True)
    assert "is sent to ada@example.com again" in done.text
    post.work()
    event = AuditEvent.objects.filter(action="user.invite", outcome="requested").latest("id")
    assert event.actor_name == support_person.email
    for text in (page.text, asked.text, done.text, helper.get(address_of(ada, "history")).text):
        assert first not in text and post.link() not in text
    services.accept_invitation(actor=SYSTEM, user=ada)
    assert address_of(ada, "invite") not in helper.get(address_of(ada)).text
    assert "has accepted the invitation" in helper.post(address_of(ada, "invite"), follow=True).text
