"""Second factors: added, asked for at the sign-in, taken once, removed; and roles that must have one."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from audit.services import SYSTEM
from authentication.factors import FactorDemand
from authentication.services import reset_factors, use_code
from organizations.choices import SiteRole
from organizations.models import User
from organizations.services import reset_password
from tests.api.things import Program
from tests.authentication.things import code_of, give_app, give_passkey
from tests.organizations.threads import at_once
from tests.people import PASSWORD, make_user, signed_in

pytestmark = pytest.mark.django_db
PAGE, LIST = "/sign-in/second-factor/", "/account/second-factors/"
SHOWN = re.compile(r'<pre id="secret"[^>]*>([A-Z2-7 ]+)</pre>')
CODES = re.compile(r'<pre id="codes"[^>]*>([\d\s]+)</pre>')


def begin(user: User, **more: str) -> Client:
    """The password was right."""
    client = Client()
    assert client.post("/sign-in/", {"username": user.email, "password": PASSWORD, **more})["Location"] == PAGE
    return client


def is_in(client: Client) -> bool:
    return client.get(LIST).status_code == 200


def add_app(client: Client) -> tuple[str, list[str]]:
    """Through the page; its secret and the recovery codes."""
    page = client.get(f"{LIST}app/").text
    secret = SHOWN.search(page)[1].replace(" ", "")
    assert SHOWN.search(client.get(f"{LIST}app/").text)[1].replace(" ", "") == secret
    answer = client.post(f"{LIST}app/", {"code": code_of(secret)})
    return secret, CODES.search(answer.text)[1].split()


def by_password(user: User) -> Client:
    client = Client()
    client.post("/sign-in/", {"username": user.email, "password": PASSWORD})
    return client


def test_an_app_is_added_by_a_code_and_its_secret_is_sealed_and_shown_no_more(member: User) -> None:
    client = by_password(member)
    assert "is not the code" in client.post(f"{LIST}app/", {"code": "123"}).text
    secret, codes = add_app(client)
    assert len(codes) == 10
    page = client.get(LIST).text
    assert "10 are left" in page
    assert not any(hidden in page for hidden in (secret, *codes))
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, '') FROM mfa_authenticator t")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(data, '') FROM authentication_session")
        stored += cursor.fetchone()[0]
    assert secret not in stored
    told = AuditEvent.objects.get(action="user.add_factor")
    assert (told.target_id, told.after) == (str(member.pk), {"factor": "Authenticator app"})


def test_the_password_alone_does_not_sign_in_and_the_code_does_once(member: User) -> None:
    give_app(member)
    client = begin(member, next="/account/tokens/")
    assert not is_in(client)
    assert client.post(PAGE, {"code": code_of()})["Location"] == "/account/tokens/"
    assert is_in(client)
    again = begin(member)
    assert "was used already" in again.post(PAGE, {"code": code_of()}).text
    assert not is_in(again)


def test_the_code_before_stays_used_when_a_later_one_was_taken(member: User) -> None:
    give_app(member)
    earlier, now = code_of(periods=-1), code_of()
    assert use_code(user=member, code=now)
    assert not use_code(user=member, code=earlier)
    assert use_code(user=member, code=code_of(periods=1))


@pytest.mark.parametrize("periods", [-3, 3])
def test_a_code_of_another_time_opens_nothing(member: User, periods: int) -> None:
    give_app(member)
    assert not use_code(user=member, code=code_of(periods=periods))


@pytest.mark.django_db(transaction=True)
def test_of_two_with_the_same_code_at_once_one_comes_in() -> None:
    member = make_user()
    give_app(member)
    code, opened = code_of(), []
    at_once(*[lambda: opened.append(bool(use_code(user=member, code=code)))] * 2)
    assert sorted(opened) == [False, True]


def test_a_recovery_code_opens_once(member: User) -> None:
    _, codes = add_app(by_password(member))
    assert begin(member).post(PAGE, {"code": codes[3]}).status_code == 302
    assert begin(member).post(PAGE, {"code": codes[3]}).status_code == 200
    client = begin(member)
    client.post(PAGE, {"code": f"{codes[4][:4]} {codes[4][4:]}"})
    assert "8 are left" in client.get(LIST).text


def test_new_recovery_codes_end_the_older_ones(member: User) -> None:
    client = by_password(member)
    _, codes = add_app(client)
    newer = CODES.search(client.post(f"{LIST}codes/").text)[1].split()
    assert not set(newer) & set(codes)
    assert not use_code(user=member, code=codes[0])
    assert use_code(user=member, code=newer[0])


def test_wrong_codes_lock_as_wrong_passwords_do(member: User) -> None:
    give_app(member)
    client = begin(member)
    answers = [client.post(PAGE, {"code": "000000"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
    assert client.post(PAGE, {"code": code_of()}).status_code == 429
    assert Client().post("/sign-in/", {"username": member.email, "password": PASSWORD}).status_code == 429
    failed = AuditEvent.objects.filter(action="user.sign_in", outcome="failed", target_id=member.pk)
    assert failed.count() >= 5


def test_codes_can_not_be_tried_from_many_addresses(member: User) -> None:
    give_app(member)
    for number in range(20):
        client = Client(REMOTE_ADDR=f"203.0.113.{number}")
        client.post("/sign-in/", {"username": member.email, "password": PASSWORD})
        client.post(PAGE, {"code": "000000"})
    client = begin(member)
    assert "Too many wrong codes" in client.post(PAGE, {"code": code_of()}).text
    assert not is_in(client)
    cache.clear()


@pytest.mark.parametrize("sent", [{}, {"code": ""}, {"code": "x" * 500}, {"code": "\0"}, {"credential": "{"},
                                  {"credential": "[]"}, {"credential": '{"id": 1}'}, {"credential": "{}"},
                                  {"credential": "9" * 5000}, {"credential": "[" * 5000},
                                  {"credential": "9" * 200_000}])  # fmt: skip
def test_bad_input_is_said_and_opens_nothing(member: User, sent: dict[str, str]) -> None:
    give_app(member)
    client = begin(member)
    assert client.post(PAGE, sent).status_code == 200
    assert not is_in(client)


def test_nobody_gets_to_the_second_step_without_the_first(client: Client, member: User) -> None:
    assert client.get(PAGE)["Location"] == "/sign-in/"
    assert client.post(PAGE, {"code": "1"})["Location"] == "/sign-in/"


@pytest.mark.parametrize("change", ["password", "deactivated"])
def test_what_happens_to_the_account_in_between_ends_the_sign_in(member: User, change: str) -> None:
    give_app(member)
    client = begin(member)
    if change == "password":
        reset_password(actor=SYSTEM, user=member)
    else:
        User.objects.update(is_active=False)
    assert client.post(PAGE, {"code": code_of()})["Location"] == "/sign-in/"
    assert not is_in(client)


def test_a_session_that_is_not_fresh_says_who_it_is_first(member: User) -> None:
    client = signed_in(member)
    asked = client.get(f"{LIST}app/")["Location"]
    assert asked == "/account/who/?next=%2Faccount%2Fsecond-factors%2Fapp%2F"
    assert "is not your password" in client.post(asked, {"password": "wrong"}).text
    assert client.post(asked, {"password": PASSWORD, "next": "//evil.example"})["Location"] == LIST
    assert client.post(asked, {"password": PASSWORD, "next": "nowhere"})["Location"] == "nowhere"
    assert client.get(f"{LIST}app/").status_code == 200


def test_the_last_factor_takes_the_recovery_codes_along_and_a_strangers_is_not_there(member: User) -> None:
    client = by_password(member)
    add_app(client)
    factor = Authenticator.objects.get(type="totp")
    other = give_app(make_user())
    assert client.post(f"{LIST}{other.pk}/remove/").status_code == 404
    assert client.post(f"{LIST}{factor.pk}/remove/")["Location"] == LIST
    assert not Authenticator.objects.filter(user=member).exists()
    assert is_in(by_password(member))


def test_programs_can_not_sign_in_with_the_password_alone(member: User) -> None:
    def answer(user: User) -> tuple[int, str]:
        found = Client().post("/auth/basic/login", {"email": user.email, "password": PASSWORD}, "application/json")
        return found.status_code, found.text

    assert answer(member)[0] == 201
    give_app(member)
    assert answer(member)[0] == 403
    assert "make a token in the browser" in answer(member)[1]
    auditor = make_user(SiteRole.AUDITOR)
    FactorDemand.objects.create(site_role=SiteRole.AUDITOR)
    assert answer(auditor)[0] == 403


def test_who_must_have_one_reaches_nothing_else_before(auditor: User) -> None:
    program, client = Program(auditor), by_password(auditor)
    FactorDemand.objects.create(site_role=SiteRole.AUDITOR)
    for path in ("/", "/manage/users/", "/account/tokens/", "/account/sessions/", "/environments/"):
        assert client.get(path)["Location"] == LIST
    assert client.get("/manage/users/", headers={"HX-Request": "true"})["HX-Redirect"] == LIST
    assert client.get("/api/v1/users").json()["code"] == "second_factor_required"
    assert program.get("/users").status_code == 200
    page = client.get(LIST).text
    assert "Your site role needs a second factor" in page
    assert 'aria-label="Main"' not in page
    add_app(client)
    assert client.get("/manage/users/").status_code == 200


def test_whom_to_ask_costs_an_ordinary_request_no_query_of_its_own(auditor: User) -> None:
    client = by_password(auditor)
    with CaptureQueriesContext(connection) as found:
        client.get("/account/")
    about = [each["sql"] for each in found if "factordemand" in each["sql"] or "mfa_" in each["sql"]]
    assert len(about) == 1
    assert "authentication_session" in about[0]


def test_each_is_called_as_its_person_likes(member: User, site_manager: User) -> None:
    app, passkey = give_app(member), give_passkey(member, "laptop")
    client = signed_in(member)
    page = client.get(f"{LIST}{passkey.pk}/rename/").text
    assert 'value="laptop"' in page and "Rename: Passkey “laptop”" in page
    for _ in range(2):
        client.post(f"{LIST}{passkey.pk}/rename/", {"name": " <b>desk "})
    client.post(f"{LIST}{app.pk}/rename/", {"name": "phone"})
    page = client.get(LIST).text
    assert "Passkey “&lt;b&gt;desk”" in page and "Authenticator app “phone”" in page
    told = AuditEvent.objects.filter(action="user.rename_factor", target_id=str(member.pk)).order_by("id")
    assert [(each.before["factor"], each.after["factor"]) for each in told] == [
        ("Passkey “laptop”", "Passkey “<b>desk”"),
        ("Authenticator app", "Authenticator app “phone”"),
    ]
    for wrong in ("", "x" * 65, "a\nb"):
        assert client.post(f"{LIST}{app.pk}/rename/", {"name": wrong}).context["form"].errors["name"]
    assert signed_in(site_manager).post(f"{LIST}{app.pk}/rename/", {"name": "x"}).status_code == 404
    assert use_code(user=member, code=code_of()), "its key is as it was"
    program = Program(member)
    assert program.patch(f"/me/second-factors/{app.pk}", {"name": "x" * 65}).status_code == 422
    renamed = program.patch(f"/me/second-factors/{app.pk}", {"name": "old phone"}).json()
    assert renamed["factor"] == "Authenticator app “old phone”"
    assert Program(site_manager).patch(f"/me/second-factors/{app.pk}", {"name": "x"}).status_code == 404


def test_the_site_admin_says_who_must(site_admin: User, site_manager: User) -> None:
    url = "/manage/admin/authentication/second-factors/"
    assert signed_in(site_manager).get(url).status_code == 403
    client = signed_in(site_admin)
    assert client.post(url, {"roles": ["site-auditor", "king"]}).status_code == 200
    assert client.post(url, {"roles": ["site-auditor", "site-manager"]}).status_code == 302
    assert client.post(url, {"roles": ["site-manager"]}).status_code == 302
    assert list(FactorDemand.objects.values_list("site_role", flat=True)) == ["site-manager"]
    assert AuditEvent.objects.filter(action="authentication.demand_factors").count() == 2
    assert (
        "Everybody of these site roles must have one: Site manager" in client.get("/manage/admin/authentication/").text
    )


@pytest.mark.parametrize(
    ("actor", "owner", "status"),
    [
        (SiteRole.MANAGER, SiteRole.MEMBER, 302),
        (SiteRole.MANAGER, SiteRole.MANAGER, 403),
        (SiteRole.MANAGER, SiteRole.ADMIN, 403),
        (SiteRole.ADMIN, SiteRole.MANAGER, 302),
        (SiteRole.AUDITOR, SiteRole.MEMBER, 403),
    ],
)
def test_those_who_may_edit_an_account_take_lost_factors_from_it(actor: SiteRole, owner: SiteRole, status: int) -> None:
    person = make_user(owner)
    give_app(person)
    assert signed_in(make_user(actor)).post(f"/manage/users/{person.pk}/second-factors/").status_code == status
    assert Authenticator.objects.exists() == (status == 403)
    done = AuditEvent.objects.filter(action="user.reset_factors", outcome="succeeded", target_id=person.pk)
    assert done.exists() == (status == 302)


def test_a_site_manager_can_not_pass_the_question_who_it_is_that_way(site_admin: User) -> None:
    give_app(site_admin)
    signed_in(site_admin).post(f"/manage/users/{site_admin.pk}/second-factors/")
    assert Authenticator.objects.exists()
    assert reset_factors(actor=SYSTEM, user=site_admin) == 1
    assert reset_factors(actor=SYSTEM, user=site_admin) == 0
