"""Tokens that were made with a token: they are never more, never last longer, and end with it."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from audit.models import AuditEvent
from audit.services import Actor
from organizations.choices import TokenScope
from organizations.models import ApiToken, User
from organizations.services import create_token, end_token, make_sign_in_token, regenerate_token
from organizations.services.command_line import MOST_SIGN_INS
from tests.api.things import Program, problem_of
from tests.organizations.threads import at_once
from tests.people import make_user, signed_in

pytestmark = pytest.mark.django_db
EVERYTHING = [TokenScope.WRITE]


def make(user: User, name: str, within: ApiToken | None = None, days: int = 90) -> ApiToken:
    token, _ = create_token(actor=Actor(user=user), name=name, scopes=EVERYTHING, days=days, within=within)
    return token


def names(user: User) -> set[str]:
    return {token.name for token in user.api_tokens.all()}


def test_a_token_makes_none_that_is_more_than_itself(site_manager: User) -> None:
    program = Program(site_manager, TokenScope.READ, TokenScope.PROVIDERS)
    problem_of(program.post("/tokens", {"name": "child", "scopes": ["read"]}), 403)
    reader = ApiToken.objects.get()
    for scopes in ([TokenScope.WRITE], [TokenScope.READ, TokenScope.WRITE]):
        with pytest.raises(PermissionDenied, match="may do more than itself"):
            create_token(actor=Actor(user=site_manager), name="more", scopes=scopes, within=reader)
    both = Program(site_manager, TokenScope.WRITE)
    made = both.post("/tokens", {"name": "child", "scopes": ["read", "providers"], "days": 365}).json()
    parent = ApiToken.objects.get(pk=made["made_with"])
    assert ApiToken.objects.get(name="child").expires_at == parent.expires_at


def test_what_was_made_with_a_token_ends_with_it(member: User) -> None:
    parent = Program(member)
    child = Program(secret=parent.post("/tokens", {"name": "child", "scopes": ["write"]}).json()["token"])
    grandchild = Program(secret=child.post("/tokens", {"name": "grandchild", "scopes": ["read"]}).json()["token"])
    make(member, "unrelated")
    token = member.api_tokens.get(name="token 1")
    assert grandchild.get("/me").status_code == 200
    page = signed_in(member).get(f"/account/tokens/{token.pk}/end/").text
    assert "the token child," in page and "the token grandchild," in page and "unrelated" not in page
    assert parent.delete(f"/tokens/{token.pk}").status_code == 204
    for program in (parent, child, grandchild):
        problem_of(program.get("/me"), 401)
    assert names(member) == {"unrelated"}
    ended = AuditEvent.objects.filter(action="token.end").order_by("pk")
    assert [event.before["made_with"] for event in ended] == [None, "token 1", "child"]


def test_the_end_of_a_child_leaves_its_parent(member: User) -> None:
    parent = make(member, "parent")
    child = make(member, "child", within=parent)
    make(member, "grandchild", within=child)
    end_token(actor=Actor(user=member), token=child)
    assert names(member) == {"parent"}


def test_the_list_says_with_what_a_token_was_made(member: User) -> None:
    make(member, "child", within=make(member, "the parent"))
    assert "with the parent" in signed_in(member).get("/account/tokens/").text


def test_no_token_renews_itself_or_another_beyond_its_own_end(member: User) -> None:
    actor = Actor(user=member)
    long, short = make(member, "long", days=365), make(member, "short", days=1)
    ApiToken.objects.update(created_at=timezone.now() - timedelta(hours=12))
    for token in (short, long):
        regenerate_token(actor=actor, token=token, within=ApiToken.objects.get(pk=short.pk))
    assert {token.expires_at for token in member.api_tokens.all()} == {short.expires_at}
    assert member.api_tokens.get(name="long").made_with == short
    assert member.api_tokens.get(name="short").made_with is None
    end_token(actor=actor, token=short)
    assert names(member) == set()


def test_another_secret_ends_what_was_made_with_the_old_one(member: User) -> None:
    asking, leaked = make(member, "asking"), make(member, "leaked")
    make(member, "of the thief", within=leaked)
    regenerate_token(actor=Actor(user=member), token=leaked, within=asking)
    assert names(member) == {"asking", "leaked"}


def test_a_token_does_not_make_anew_the_one_that_it_was_made_with(member: User) -> None:
    parent = make(member, "parent")
    child = make(member, "child", within=parent)
    for asking in (child, make(member, "grandchild", within=child)):
        with pytest.raises(PermissionDenied, match="the one that it was made with"):
            regenerate_token(actor=Actor(user=member), token=parent, within=asking)
    parent.refresh_from_db()
    assert parent.made_with is None


def test_signing_in_often_ends_no_token_that_others_depend_on(member: User) -> None:
    actor = Actor(user=member)
    sign_in, _ = make_sign_in_token(actor=actor)
    make(member, "ci", within=sign_in)
    for _ in range(MOST_SIGN_INS + 1):
        make_sign_in_token(actor=actor)
    assert {"ci", sign_in.name} <= names(member)
    assert member.api_tokens.count() == MOST_SIGN_INS + 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_made_anew", [False, True])
def test_nothing_that_is_made_while_its_token_ends_lives_on(is_made_anew: bool) -> None:
    member = make_user()
    actor, asking = Actor(user=member), make(member, "asking")
    for number in range(6):
        parent = make(member, f"parent {number}")

        def end(parent: ApiToken = parent) -> None:
            if is_made_anew:
                regenerate_token(actor=actor, token=parent, within=asking)
            else:
                end_token(actor=actor, token=parent)

        def make_child(parent: ApiToken = parent, name: str = f"child {number}") -> None:
            make(member, name, within=parent)

        refusals = at_once(end, make_child, end)
        assert all("ended in the meantime" in refusal.message for refusal in refusals)
    assert not member.api_tokens.filter(name__startswith="child")
    assert member.api_tokens.filter(name__startswith="parent").count() == (6 if is_made_anew else 0)
