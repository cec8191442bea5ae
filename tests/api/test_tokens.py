"""API tokens: on the pages, and as what opens the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.choices import SiteRole, TokenScope
from organizations.models import ApiToken, User
from organizations.services import activate_user, deactivate_user
from organizations.services.tokens import MOST_TOKENS
from tests.api.things import Program, fields_of, make_token, problem_of
from tests.people import make_user, signed_in

pytestmark = pytest.mark.django_db
LIST, NEW = "/account/tokens/", "/account/tokens/new/"
FORM = {"name": "nightly report", "scopes": ["read"], "days": "90"}


def test_a_token_is_made_and_shown_once(member: User) -> None:
    client = signed_in(member)
    page = client.post(NEW, FORM)
    token = ApiToken.objects.get()
    secret = page.context["secret"]
    assert secret.startswith("cat_")
    assert secret in page.text
    assert "no-store" in page["Cache-Control"]
    assert secret not in client.get(LIST).text
    assert token.digest not in client.get(LIST).text
    assert timedelta(days=89) < token.expires_at - timezone.now() < timedelta(days=91)
    assert Program(secret=secret).get("/me").json()["token"]["name"] == "nightly report"


def test_the_same_form_sent_again_makes_no_second_token(member: User) -> None:
    client = signed_in(member)
    client.post(NEW, FORM)
    again = client.post(NEW, FORM | {"name": "Nightly report"})
    assert "name" in again.context["form"].errors
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": ""}, "name"), ({"scopes": []}, "scopes"), ({"scopes": ["all"]}, "scopes"), ({"days": "366"}, "days")],
)
def test_what_is_wrong_is_told_at_the_field(wrong: dict[str, object], field: str, member: User) -> None:
    assert field in signed_in(member).post(NEW, FORM | wrong).context["form"].errors
    assert fields_of(Program(member).post("/tokens", {"name": "x", "scopes": ["read"], "days": 90} | wrong)) == {
        f"{field}.0" if wrong == {"scopes": ["all"]} else field
    }


def test_the_audit_trail_knows_the_token_but_not_its_secret(member: User) -> None:
    secret = make_token(member, name="report")
    event = AuditEvent.objects.get(action="token.create")
    assert event.after["token"] == "******"
    assert secret not in str(AuditEvent.objects.values())


def test_ending_a_token_ends_it_at_once(member: User) -> None:
    program, client = Program(member), signed_in(member)
    path = f"{LIST}{member.api_tokens.get().pk}/end/"
    assert 'method="post"' in client.get(path).text
    assert program.get("/me").status_code == 200
    assert client.post(path)["Location"] == LIST
    assert "ended" in problem_of(program.get("/me"), 401)["detail"]


def test_nobody_ends_the_token_of_another_person_by_guessing(member: User) -> None:
    make_token(make_user())
    token = ApiToken.objects.get()
    assert signed_in(member).post(f"{LIST}{token.pk}/end/").status_code == 404
    assert Program(member).delete(f"/tokens/{token.pk}").status_code == 404
    assert ApiToken.objects.filter(pk=token.pk).exists()


@pytest.mark.parametrize(
    ("role", "account", "status"),
    [
        (SiteRole.ADMIN, SiteRole.MANAGER, 200),
        (SiteRole.ADMIN, SiteRole.MEMBER, 200),
        (SiteRole.MANAGER, SiteRole.MEMBER, 403),
        (SiteRole.MANAGER, SiteRole.AUDITOR, 403),
        (SiteRole.MANAGER, SiteRole.MANAGER, 403),
        (SiteRole.MANAGER, SiteRole.ADMIN, 403),
        (SiteRole.AUDITOR, SiteRole.MEMBER, 403),
        (SiteRole.MEMBER, SiteRole.MEMBER, 403),
    ],
)
def test_only_the_site_admin_sees_and_ends_the_tokens_of_other_people(
    role: SiteRole, account: SiteRole, status: int
) -> None:
    person, user = make_user(role), make_user(account)
    make_token(user)
    token, client = user.api_tokens.get(), signed_in(person)
    page = f"/manage/users/{user.pk}/tokens/"
    assert client.get(page).status_code == status
    assert client.post(f"{page}{token.pk}/end/").status_code == (302 if status == 200 else 403)
    assert user.api_tokens.exists() == (status != 200)


def test_a_deactivated_person_has_no_tokens_and_gets_none_back(site_manager: User, member: User) -> None:
    program = Program(member)
    deactivate_user(actor=Actor(user=site_manager), user=member)
    problem_of(program.get("/me"), 401)
    activate_user(actor=Actor(user=site_manager), user=member)
    problem_of(program.get("/me"), 401)


def test_a_token_of_an_account_that_was_switched_off_elsewhere_opens_nothing(member: User) -> None:
    program = Program(member)
    User.objects.filter(pk=member.pk).update(is_active=False)
    problem_of(program.get("/me"), 401)


def test_an_expired_token_opens_nothing_and_is_marked(member: User) -> None:
    program = Program(member)
    ApiToken.objects.update(expires_at=timezone.now())
    problem_of(program.get("/me"), 401)
    assert "Remove" in signed_in(member).get(LIST).text


def test_the_last_use_is_noted_at_most_once_a_minute(member: User) -> None:
    program = Program(member)
    program.get("/me")
    first = ApiToken.objects.get()
    assert first.last_used_address == "127.0.0.1"
    program.get("/me")
    assert ApiToken.objects.get().last_used_at == first.last_used_at
    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    program.get("/me")
    assert ApiToken.objects.get().last_used_at > first.last_used_at


def test_the_rights_of_a_token_follow_its_person(site_manager: User) -> None:
    program = Program(site_manager)
    assert program.get("/users").status_code == 200
    User.objects.filter(pk=site_manager.pk).update(site_role=SiteRole.MEMBER)
    problem_of(program.get("/users"), 403)


def test_scopes_narrow_what_a_token_may_do(site_manager: User) -> None:
    reader, provider = Program(site_manager, TokenScope.READ), Program(site_manager, TokenScope.PROVIDERS)
    body = {"name": "x", "scopes": ["read"], "days": 1}
    assert reader.get("/users").status_code == 200
    assert "write" in problem_of(reader.post("/tokens", body), 403)["detail"]
    problem_of(provider.get("/users"), 403)
    assert provider.get("/me").status_code == 200
    assert provider.get("/providers").status_code == 200
    assert reader.get("/providers").status_code == 200


def test_nobody_has_tokens_without_end(member: User) -> None:
    for number in range(MOST_TOKENS):
        make_token(member, name=str(number))
    page = signed_in(member).post(NEW, FORM)
    assert "End one of them first" in page.text
    assert member.api_tokens.count() == MOST_TOKENS


def test_an_anonymous_person_signs_in_first() -> None:
    for path in (LIST, NEW):
        assert Client().get(path)["Location"].startswith("/sign-in/?next=")
