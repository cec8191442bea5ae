"""Signing in by OpenID Connect, with a real provider: whose account it opens, and whose not."""

import html
import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.test import Client

from audit.models import AuditEvent
from authentication.configuration import Configuration
from organizations.choices import SiteRole
from organizations.models import User
from tests.authentication.openid import Provider, begin, change, come_back, round_trip
from tests.authentication.things import code_of, give_app
from tests.people import PASSWORD, make_support_person, make_user, signed_in

LINK, LINK_START, WHO = "/account/link/", "/account/link/start/", "/account/who/"


def is_signed_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def failures() -> list[tuple[str, str, str]]:
    """Who tried, on whom, and why it failed, the newest first."""
    events = AuditEvent.objects.filter(action="user.sign_in", outcome="failed")
    return [(event.actor_name, event.target_name, event.after["reason"]) for event in events]


def test_a_person_signs_in_with_the_account_of_the_same_verified_email(
    client: Client, provider: Provider, member: User
) -> None:
    provider.knows("m1", email="Member@Example.com", email_verified=True, name="Mo")
    response = round_trip(provider, client, "m1", next="/account/tokens/")
    assert (response.status_code, response["Location"]) == (302, "/account/tokens/")
    assert is_signed_in(client)
    event = AuditEvent.objects.get(action="user.sign_in")
    assert (event.actor_name, event.outcome, event.after["method"]) == (member.email, "succeeded", "OpenID Connect")
    member.refresh_from_db()
    assert member.check_password(PASSWORD)
    assert not SocialToken.objects.exists()


def test_the_link_holds_by_the_subject_whatever_the_email_becomes(
    client: Client, provider: Provider, member: User
) -> None:
    provider.knows("m2", email=member.email, email_verified=True)
    round_trip(provider, client, "m2")
    provider.knows("m2", email="other@example.com", email_verified=False)
    again = Client()
    round_trip(provider, again, "m2")
    assert again.get("/account/").context["request"].user == member


@pytest.mark.parametrize("claims", [{"email_verified": False}, {}, {"email_verified": "yes"}])
def test_an_email_that_is_not_verified_opens_nothing(
    client: Client, provider: Provider, member: User, claims: dict[str, object]
) -> None:
    provider.knows("u1", email=member.email, **claims)
    response = round_trip(provider, client, "u1")
    assert response.status_code == 403
    assert "not verified" in response.text
    assert not is_signed_in(client)
    assert failures() == [("anonymous", member.email, "e-mail not verified")]


def test_unknown_and_deactivated_people_are_told_the_same(client: Client, provider: Provider, member: User) -> None:
    User.objects.update(is_active=False)
    pages = []
    for subject, email in (("d1", member.email), ("d2", "nobody@example.com")):
        provider.knows(subject, email=email, email_verified=True)
        response = round_trip(provider, Client(), subject)
        assert response.status_code == 403
        pages.append((response.context["title"], response.context["sentences"]))
    assert pages[0] == pages[1]
    assert "Ask those who run this deployment." in pages[0][1]
    assert not User.objects.exclude(pk=member.pk).exists()


def test_a_linked_person_is_out_once_deactivated(client: Client, provider: Provider, member: User) -> None:
    provider.knows("d3", email=member.email, email_verified=True)
    round_trip(provider, client, "d3")
    User.objects.update(is_active=False)
    again = Client()
    assert round_trip(provider, again, "d3").status_code == 403
    assert not is_signed_in(again)
    assert not is_signed_in(client)


def test_the_first_sign_in_makes_an_account_where_that_is_wanted(client: Client, provider: Provider) -> None:
    change(creates_accounts=True)
    provider.knows("n1", email="New@example.com", email_verified=True, name="Nia New")
    round_trip(provider, client, "n1")
    assert is_signed_in(client)
    user = User.objects.get(email="new@example.com")
    assert (user.name, user.site_role, user.is_staff, user.has_usable_password()) == (
        "Nia New", SiteRole.MEMBER, False, False,
    )  # fmt: skip
    event = AuditEvent.objects.get(action="user.create")
    assert (event.actor_name, event.target_name) == ("OpenID Connect claim", "Nia New")


@pytest.mark.parametrize("email", ["ada@corp", "jürgen@example.com", "x" * 250 + "@example.com"])
def test_an_email_that_no_account_can_have_is_told_and_noted(client: Client, provider: Provider, email: str) -> None:
    change(creates_accounts=True)
    provider.knows("n2", email=email, email_verified=True, name="Ada")
    assert round_trip(provider, client, "n2").status_code == 403
    assert (is_signed_in(client), len(failures()), User.objects.exists()) == (False, 1, False)


@pytest.mark.parametrize("whose", [{"site_role": SiteRole.ADMIN}, {"site_role": SiteRole.MANAGER}, {"is_staff": True}])
def test_no_email_opens_the_account_of_who_manages_or_supports(
    client: Client, provider: Provider, whose: dict[str, object]
) -> None:
    user = make_user(**whose)
    provider.knows("a1", email=user.email, email_verified=True)
    response = round_trip(provider, client, "a1")
    assert response.status_code == 403
    assert "Link your account first" in response.text
    assert not is_signed_in(client)
    assert not SocialAccount.objects.exists()


def test_the_site_admin_links_with_the_password_and_signs_in_then(provider: Provider, site_admin: User) -> None:
    provider.knows("a2", email="elsewhere@example.com", email_verified=False)
    admin = signed_in(site_admin)
    assert LINK in admin.get("/account/").text
    assert admin.get(LINK)["Location"].startswith(WHO)
    assert admin.get(LINK_START)["Location"] == LINK
    admin.post(WHO, {"password": PASSWORD})
    assert round_trip(provider, admin, "a2", start=LINK_START)["Location"] == LINK
    assert AuditEvent.objects.get(action="user.link").actor_name == site_admin.email
    elsewhere = Client()
    round_trip(provider, elsewhere, "a2")
    assert elsewhere.get("/account/").context["request"].user == site_admin
    admin.post("/account/link/end/")
    assert round_trip(provider, Client(), "a2").status_code == 403


@pytest.mark.parametrize("second_factor", [False, True])
def test_who_came_from_there_can_sign_out_there_too(provider: Provider, member: User, second_factor: bool) -> None:
    browser = Client()
    provider.knows("out", email=member.email, email_verified=True)
    if second_factor:
        give_app(member)
    round_trip(provider, browser, "out")
    if second_factor:
        browser.post("/sign-in/second-factor/", {"code": code_of()})
    assert is_signed_in(browser)
    page = browser.post("/sign-out/")
    assert not is_signed_in(browser)
    [link] = re.findall(rf'href="({provider.issuer}/[^"]+)"', page.text)
    parts = urlsplit(html.unescape(link))
    sent = {"client_id": [Configuration.load().client_id], "post_logout_redirect_uri": ["http://testserver/sign-in/"]}
    assert parse_qs(parts.query) == sent
    question = httpx.get(html.unescape(link))
    assert question.status_code == 200 and "http://testserver/sign-in/" in question.text
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert AuditEvent.objects.filter(action="user.sign_out").count() == 1


def test_support_staff_can_sign_out_there_too(provider: Provider, client: Client) -> None:
    helper = make_support_person()
    SocialAccount.objects.create(user=helper, provider=provider.issuer, uid="helper")
    provider.knows("helper", email=helper.email, email_verified=True)
    round_trip(provider, client, "helper")
    page = client.post("/support/logout/")
    assert "Sign out there, too" in page.text and f'href="{provider.issuer}/' in page.text
    assert not is_signed_in(client)
    assert AuditEvent.objects.filter(action="user.sign_out").count() == 1


def test_who_came_by_password_is_not_sent_there(provider: Provider, member: User) -> None:
    browser = Client()
    browser.post("/sign-in/", {"username": member.email, "password": PASSWORD})
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"


def test_the_account_page_is_silent_about_single_sign_on_that_nobody_set_up(member: User) -> None:
    browser = signed_in(member)
    assert LINK not in browser.get("/account/").text
    SocialAccount.objects.create(user=member, provider="https://gone.example.com", uid="m")
    assert LINK in browser.get("/account/").text, "it can be unlinked"


def test_an_account_there_opens_one_account_here(provider: Provider, member: User, site_admin: User) -> None:
    provider.knows("s1", email=member.email, email_verified=True)
    round_trip(provider, Client(), "s1")
    admin = signed_in(site_admin)
    admin.post(WHO, {"password": PASSWORD})
    response = round_trip(provider, admin, "s1", start=LINK_START)
    assert "linked to another account here" in response.text
    assert SocialAccount.objects.get().user == member


def test_who_gets_an_email_that_was_somebody_elses_does_not_get_the_account(
    client: Client, provider: Provider, member: User
) -> None:
    provider.knows("old", email=member.email, email_verified=True)
    round_trip(provider, Client(), "old")
    provider.knows("new", email=member.email, email_verified=True)
    response = round_trip(provider, client, "new")
    assert (response.status_code, is_signed_in(client)) == (403, False)
    assert failures()[0][2] == "linked to another subject"


def test_a_temporary_password_ends_with_the_first_sign_in(client: Client, provider: Provider) -> None:
    user = make_user(must_change_password=True)
    provider.knows("t1", email=user.email, email_verified=True)
    round_trip(provider, client, "t1")
    assert is_signed_in(client)
    user.refresh_from_db()
    assert not user.has_usable_password()


def test_a_second_factor_of_ours_is_asked_for_after_it(client: Client, provider: Provider, member: User) -> None:
    give_app(member)
    provider.knows("f1", email=member.email, email_verified=True)
    assert round_trip(provider, client, "f1", next="/account/")["Location"] == "/sign-in/second-factor/"
    assert not is_signed_in(client)
    assert client.post("/sign-in/second-factor/", {"code": code_of()})["Location"] == "/account/"
    assert AuditEvent.objects.get(action="user.sign_in").after["method"] == "OpenID Connect, totp"


def test_an_answer_counts_in_the_browser_that_asked_and_once(client: Client, provider: Provider, member: User) -> None:
    provider.knows("b1", email=member.email, email_verified=True)
    back = provider.answer(begin(client), "b1")
    stranger = Client()
    begin(stranger)
    assert come_back(stranger, back).status_code == 400
    assert not is_signed_in(stranger)
    come_back(client, back)
    assert is_signed_in(client)
    client.post("/sign-out/")
    assert come_back(client, back).status_code == 400
    assert not is_signed_in(client)


def test_a_code_of_another_sign_in_is_refused(client: Client, provider: Provider, member: User) -> None:
    """What an attacker would slip under: his own code with the state of the other one. PKCE and the nonce forbid it."""
    provider.knows("b2", email=member.email, email_verified=True)
    own = httpx.URL(provider.answer(begin(Client()), "b2"))
    state = httpx.URL(begin(client)).params["state"]
    assert come_back(client, str(own.copy_set_param("state", state))).status_code == 400
    assert not is_signed_in(client)


def test_the_request_to_the_provider_has_pkce_and_a_nonce_and_takes_nothing_from_the_address(
    client: Client, provider: Provider
) -> None:
    hostile = {"process": "connect", "scope": "admin", "auth_params": "prompt=none&redirect_uri=https://evil.example"}
    params = httpx.URL(begin(client, **hostile)).params
    assert params["code_challenge_method"] == "S256"
    assert len(params["nonce"]) > 20
    assert params["redirect_uri"] == "http://testserver/oidc/callback"
    assert set(params["scope"].split()) == {"openid", "email", "profile"}
    assert "prompt" not in params


@pytest.mark.parametrize("address", ["https://evil.example", "//evil.example", "javascript:alert(1)", "/sign-out/"])
def test_it_does_not_lead_to_another_site(client: Client, provider: Provider, member: User, address: str) -> None:
    provider.knows("r1", email=member.email, email_verified=True)
    assert round_trip(provider, client, "r1", next=address)["Location"] == "/"


def test_who_says_no_there_is_told_so(client: Client, provider: Provider) -> None:
    back = provider.answer(begin(client), "", action="deny")
    if "state=" not in back:  # this provider forgets it
        back += f"&state={httpx.URL(begin(client)).params['state']}"
    response = come_back(client, back)
    assert "You cancelled" in response.text


def test_a_provider_that_is_down_is_a_page_and_an_audit_row(client: Client, provider: Provider) -> None:
    change(issuer="http://127.0.0.1:9")
    response = client.get("/sign-in/openid-connect/")
    assert response.status_code == 503
    assert "can&#x27;t be asked" in response.text
    assert "127.0.0.1 can't be reached" in failures()[0][2]


def test_failures_of_a_stranger_do_not_fill_the_audit_log(client: Client, provider: Provider) -> None:
    for _ in range(6):
        client.get("/oidc/callback", {"state": "guess", "code": "guess"})
    assert len(failures()) == 3


def test_nobody_signs_in_that_way_while_it_is_off(client: Client, provider: Provider, member: User) -> None:
    provider.knows("o1", email=member.email, email_verified=True)
    back = provider.answer(begin(client), "o1")
    change(openid_connect=False)
    come_back(client, back)
    assert not is_signed_in(client)
    assert client.get("/sign-in/openid-connect/")["Location"] == "/sign-in/"
    assert "openid-connect" not in client.get("/sign-in/").text
