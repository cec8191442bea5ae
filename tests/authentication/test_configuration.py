"""Manage > Admin > Authentication: tried before it is saved, the secret never shown, a way in that stays."""

from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount
from click.testing import CliRunner
from django.http import HttpResponse
from django.test import Client

from audit.models import AuditEvent
from authentication.configuration import ClaimRule, Configuration
from coderadmin.access_url import memory
from coderadmin.cli import main
from coderadmin.encryption import unseal
from organizations.models import User
from providers.access_urls import AccessURLs
from tests.api.things import Program
from tests.authentication.openid import CALLBACK, Provider, change, round_trip
from tests.people import PASSWORD, make_organization, signed_in

PAGE = "/manage/admin/authentication/"
FORM, BUILT_IN, SWITCH = f"{PAGE}openid-connect/", f"{PAGE}built-in/", f"{PAGE}openid-connect/switch/"


@pytest.fixture
def client_of(provider_process: Provider, db: None) -> tuple[str, str]:
    return provider_process.register(f"http://testserver{CALLBACK}")


@pytest.fixture
def admin(site_admin: User) -> Client:
    return signed_in(site_admin)


def form(provider: Provider, client: tuple[str, str], *rules: tuple[str, str], **fields: Any) -> dict[str, Any]:
    """As a browser would send it."""
    lines = {
        f"rules-{number}-{name}": text
        for number, (value, role) in enumerate(rules)
        for name, text in (("value", value), ("role", role))
    }
    values = {
        "revision": Configuration.load().revision,
        "issuer": provider.issuer,
        "client_id": client[0],
        "client_secret": client[1],
        "scopes": "openid email profile",
        "button_label": "Sign in with Example",
        "rules-TOTAL_FORMS": len(rules),
        "rules-INITIAL_FORMS": 0,
    }
    return values | lines | fields


def errors(response: HttpResponse) -> dict[str, list[str]]:
    assert response.status_code == 200, response.text
    return dict(response.context["form"].errors)


def test_what_works_is_saved_and_the_secret_is_nowhere_to_be_seen(
    admin: Client, provider_process: Provider, client_of: tuple[str, str]
) -> None:
    organization = make_organization(name="Platform")
    rules = [("ops", "site-manager"), ("devs", f"{organization.pk}:organization-member"), ("", "")]
    response = admin.post(FORM, form(provider_process, client_of, *rules, groups_claim="groups"))
    assert response["Location"] == PAGE
    stored = Configuration.load()
    assert unseal(stored.client_secret) == client_of[1]
    assert [str(rule) for rule in ClaimRule.objects.all()] == ["devs: Member of Platform", "ops: Site manager"]
    event = AuditEvent.objects.get(action="authentication.update")
    assert event.after["client_secret"] == "******"
    assert event.after["rules"] == ["devs: Member of Platform", "ops: Site manager"]
    for text in (admin.get(PAGE).text, admin.get(FORM).text, str(event.before | event.after), repr(stored.__dict__)):
        assert client_of[1] not in text


def test_an_organization_that_is_deleted_while_the_service_is_asked_is_told(
    admin: Client, provider_process: Provider, client_of: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    organization = make_organization(name="Platform")
    monkeypatch.setattr("authentication.services.configuring.prove", lambda client: organization.delete())
    sent = form(provider_process, client_of, ("devs", f"{organization.pk}:organization-member"), groups_claim="groups")
    response = admin.post(FORM, sent)
    assert response.status_code == 200
    assert "deleted meanwhile" in response.text
    assert not ClaimRule.objects.exists()


def test_the_redirect_uri_changes_with_the_access_url(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    urls = AccessURLs(current="https://new.example.com", accepted=("https://old.example.com",))
    monkeypatch.setattr(memory, "urls", lambda **_: urls)
    assert admin.get(FORM).context["redirect_uris"] == [f"{url}{CALLBACK}" for url in urls.answering]


def test_an_empty_secret_keeps_it_but_goes_to_no_other_client(
    admin: Client, provider_process: Provider, client_of: tuple[str, str]
) -> None:
    admin.post(FORM, form(provider_process, client_of))
    response = admin.post(FORM, form(provider_process, client_of, client_secret="", button_label="Come in"))
    assert response.status_code == 302
    assert (Configuration.load().button_label, unseal(Configuration.load().client_secret)) == ("Come in", client_of[1])
    elsewhere = form(provider_process, client_of, client_secret="", issuer="https://evil.example")
    assert "belongs to another one" in errors(admin.post(FORM, elsewhere))["client_secret"][0]


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"client_secret": "wrong"}, "client_secret", "does not know this client ID with this secret"),
        ({"client_id": "wrong"}, "client_secret", "does not know this client ID with this secret"),
        ({"issuer": "http://127.0.0.1:9"}, "issuer", "can't be reached"),
        ({"issuer": "slash"}, "issuer", "Enter exactly the issuer"),
        ({"issuer": "http://login.example.com"}, "issuer", "begins with https://"),
        ({"issuer": "https://user:pass@login.example.com"}, "issuer", "begins with https://"),
        ({"scopes": "openid profile"}, "scopes", "Add email"),
        ({"scopes": "openid  email"}, "scopes", "one space"),
        ({"client_id": "ä"}, "client_id", "ASCII"),
    ],
)
def test_what_does_not_work_is_said_at_the_field_and_changes_nothing(
    admin: Client,
    provider_process: Provider,
    client_of: tuple[str, str],
    settings: Any,
    fields: dict[str, str],
    field: str,
    words: str,
) -> None:
    admin.post(FORM, form(provider_process, client_of))
    settings.EMBEDDED = False  # where http is for this machine only
    before = Configuration.objects.values().get()
    if fields.get("issuer") == "slash":
        fields = {"issuer": f"{provider_process.issuer}/"}
    answer = admin.post(FORM, form(provider_process, client_of, ("ops", "site-manager"), **fields))
    assert words in errors(answer)[field][0]
    assert Configuration.objects.values().get() == before
    assert not ClaimRule.objects.exists()


@pytest.mark.parametrize(
    "rule", [("ops", ""), ("ops", "site-admin"), ("ops", "00000000-0000-4000-8000-000000000000:organization-member")]
)
def test_a_rule_gives_a_role_that_there_is(
    admin: Client, provider_process: Provider, client_of: tuple[str, str], rule: tuple[str, str]
) -> None:
    response = admin.post(FORM, form(provider_process, client_of, rule))
    assert response.context["rules"].errors[0]["role"]
    assert not ClaimRule.objects.exists()


def test_of_two_admins_at_once_the_second_is_told(
    admin: Client, provider_process: Provider, client_of: tuple[str, str]
) -> None:
    late = form(provider_process, client_of, button_label="Late")
    admin.post(FORM, form(provider_process, client_of))
    assert "Somebody else" in errors(admin.post(FORM, late))["__all__"][0]
    assert Configuration.load().button_label == "Sign in with Example"


def test_site_managers_and_auditors_read_and_do_not_change(
    provider: Provider, site_manager: User, auditor: User
) -> None:
    for person in (site_manager, auditor):
        browser = signed_in(person)
        page = browser.get(PAGE)
        assert provider.issuer in page.text
        assert FORM not in page.text
        assert {browser.post(address, {"on": "false"}).status_code for address in (FORM, BUILT_IN, SWITCH)} == {403}


def test_a_try_says_what_would_happen_and_changes_nothing(admin: Client, provider: Provider, site_admin: User) -> None:
    change(openid_connect=False)
    provider.knows("try", email=site_admin.email, email_verified=True, groups=["ops", "<b>"])
    change(groups_claim="groups")
    response = round_trip(provider, admin, "try", start=f"{PAGE}openid-connect/try/")
    page = admin.get(response["Location"])
    assert "ops, &lt;b&gt;" in page.text
    assert "Link your account first." in page.text
    assert not SocialAccount.objects.exists()
    assert not AuditEvent.objects.filter(action="user.link").exists()


def test_built_in_goes_off_only_with_another_way_in(admin: Client, db: None) -> None:
    admin.post(BUILT_IN, {"on": "false", "way_in": "by the server"})
    assert Configuration.load().built_in


def test_whoever_switches_it_off_has_come_in_the_other_way_or_says_how_they_would(
    admin: Client, provider: Provider, site_admin: User
) -> None:
    assert errors(admin.post(BUILT_IN, {"on": "false"}))["way_in"]
    assert Configuration.load().built_in
    SocialAccount.objects.create(user=site_admin, provider=provider.issuer, uid="admin")
    assert "way_in" not in admin.get(BUILT_IN).text
    admin.post(BUILT_IN, {"on": "false"})
    assert not Configuration.load().built_in
    admin.post(SWITCH, {"on": "false"})
    assert Configuration.load().openid_connect, "it is the only way in"
    assert AuditEvent.objects.get(action="authentication.set_built_in").after == {"built_in": False}


def test_with_built_in_off_only_the_site_admin_comes_in_by_password(
    client: Client, provider: Provider, site_admin: User, member: User
) -> None:
    change(built_in=False)
    page = client.get("/sign-in/")
    assert 'type="password"' not in page.text
    assert "/sign-in/admin/" in page.text
    refused = client.post("/sign-in/", {"username": site_admin.email, "password": PASSWORD})
    assert (refused.status_code, "switched off" in refused.text) == (403, True)
    for address in ("/sign-in/", "/sign-in/admin/"):
        client.post(address, {"username": member.email, "password": PASSWORD})
        assert client.get("/account/").status_code == 302
    told = client.post("/sign-in/admin/", {"username": member.email, "password": PASSWORD})
    assert "do not go together" in told.text
    assert AuditEvent.objects.filter(action="user.sign_in", outcome="failed", target_name=member.email).count() == 2
    program = client.post(
        "/auth/basic/login", {"email": site_admin.email, "password": PASSWORD}, content_type="application/json"
    )
    assert (program.status_code, "session_token" in program.text) == (403, False)
    client.post("/sign-in/admin/", {"username": site_admin.email, "password": PASSWORD})
    assert client.get(PAGE).status_code == 200


def test_the_admins_page_does_not_stand_beside_the_usual_one(client: Client, db: None) -> None:
    assert client.get("/sign-in/admin/")["Location"] == "/sign-in/"


@pytest.mark.parametrize("back", ["/sign-in/admin/", "/sign-in/openid-connect/"])
def test_no_way_in_leads_back_to_itself(admin: Client, provider: Provider, back: str) -> None:
    change(built_in=False)
    assert admin.get("/sign-in/admin/", {"next": back})["Location"] == "/"


def test_a_command_on_the_server_switches_built_in_on_again(provider: Provider) -> None:
    change(built_in=False)
    for _ in range(2):
        result = CliRunner().invoke(main, ["authentication", "enable-built-in"])
        assert (result.exit_code, "is on" in result.output) == (0, True)
    assert Configuration.load().built_in
    assert AuditEvent.objects.get(action="authentication.set_built_in").actor_name == "system"


def test_programs_read_and_change_it_as_the_pages_do(
    provider_process: Provider, client_of: tuple[str, str], site_admin: User
) -> None:
    program = Program(site_admin)
    present = program.get("/authentication")
    sent = {"issuer": provider_process.issuer, "client_id": client_of[0], "client_secret": "wrong"}
    refused = program.patch("/authentication/openid-connect", sent)
    assert [error["field"] for error in refused.json()["errors"]] == ["client_secret"]
    sent |= {"client_secret": client_of[1], "rules": [{"value": "ops", "site_role": "site-auditor"}]}
    saved = program.patch("/authentication/openid-connect", sent)
    assert (saved.json()["has_client_secret"], client_of[1] in saved.text) == (True, False)
    assert saved.json()["rules"][0]["site_role"] == "site-auditor"
    stale = program.patch("/authentication/openid-connect", {"button_label": "x"}, If_Match=present["ETag"])
    assert stale.status_code == 412
    wrong = program.patch("/authentication/openid-connect", {"rules": [{"value": "ops", "site_role": "site-admin"}]})
    assert wrong.status_code == 422
    locked_out = program.patch("/authentication", {"openid_connect": True, "built_in": False})
    assert (locked_out.status_code, Configuration.load().openid_connect) == (409, False)
    assert program.patch("/authentication", {"openid_connect": True}).json()["openid_connect"]
