"""C10: login (pasted token), login by password, tokens, and what happens without a right to be there."""

import json

import pytest
from django.conf import settings
from django.test import Client

from audit.models import AuditEvent
from audit.services import Actor
from organizations.choices import TokenScope
from organizations.models import ApiToken, User
from organizations.services import deactivate_user
from organizations.services.command_line import MOST_SIGN_INS
from providers.helm.package import chart_version
from tests.people import PASSWORD, make_user, signed_in
from tests.wire.conftest import Sign
from tests.wire.original import CoderError

pytestmark = pytest.mark.django_db(transaction=True)


def test_login_with_a_pasted_token(member: User, sign_in: Sign) -> None:
    browser = signed_in(member)
    assert "Make a token" in browser.get("/internal-auth?show_token=true").text
    page = browser.post("/internal-auth?show_token=true")
    assert page.context["secret"] in page.text
    assert "Paste it into the terminal" in page.text
    assert sign_in().log_in(page.context["secret"])["email"] == member.email


def test_the_page_of_the_token_asks_to_sign_in_first() -> None:
    location = Client().get("/internal-auth?show_token=true")["Location"]
    assert location.startswith("/sign-in/?next=/internal-auth%3Fshow_token")


def test_looking_at_the_page_makes_no_token(member: User) -> None:
    signed_in(member).get("/internal-auth?show_token=true")
    assert not ApiToken.objects.exists()


def test_login_with_a_password(member: User, sign_in: Sign) -> None:
    client = sign_in()
    assert client.log_in_with_password(member.email.upper(), PASSWORD)
    assert client.me()["id"] == str(member.pk)
    actions = set(AuditEvent.objects.filter(actor_id=member.pk).values_list("action", flat=True))
    assert actions == {"user.sign_in", "token.create"}


def test_a_wrong_password_and_an_unknown_address_read_the_same(member: User, sign_in: Sign) -> None:
    sentences = set()
    for email in (member.email, "nobody@example.com"):
        with pytest.raises(CoderError) as caught:
            sign_in().log_in_with_password(email, "wrong")
        sentences.add(str(caught.value))
    assert sentences == {
        "unexpected status code 401: That e-mail and password do not go together. Check both and try again."
    }


def test_too_many_failures_lock_the_account_and_say_so_as_json(member: User, sign_in: Sign) -> None:
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = sign_in().send("POST", "/auth/basic/login", {"email": member.email, "password": "wrong"})
    assert (answer.status, answer.headers["retry-after"]) == (429, "900")
    with pytest.raises(CoderError, match=r"429: Too many attempts failed\. Wait 15 minutes"):
        sign_in().log_in_with_password(member.email, PASSWORD)


def test_a_temporary_password_is_changed_on_the_page_first(member: User, sign_in: Sign) -> None:
    User.objects.filter(pk=member.pk).update(must_change_password=True)
    with pytest.raises(CoderError, match="403: Your password is a temporary one"):
        sign_in().log_in_with_password(member.email, PASSWORD)
    assert not ApiToken.objects.exists()


def test_signing_in_again_and_again_ends_the_oldest_of_these_tokens_only(member: User, sign_in: Sign) -> None:
    kept, client = sign_in(member), sign_in()
    ApiToken.objects.update(name="Command line of the nightly build")
    secrets = [client.log_in_with_password(member.email, PASSWORD) for _ in range(MOST_SIGN_INS + 2)]
    assert kept.me()
    assert ApiToken.objects.count() == MOST_SIGN_INS + 1
    client.token = secrets[1]
    with pytest.raises(CoderError, match="401"):
        client.me()
    client.token = secrets[2]
    assert client.me()


def test_every_answer_tells_the_version_that_the_helm_command_needs(sign_in: Sign) -> None:
    client = sign_in()
    assert client.version() == chart_version()
    answer = client.send("GET", "/api/private/version")
    assert json.loads(answer.body) == {"version": chart_version()}
    assert client.send("GET", "/api/v0/users/me").headers["coder-version"] == chart_version()


def test_tokens_create_ls_regen_rm(member: User, sign_in: Sign) -> None:
    client = sign_in(member)
    secret = client.create_token("ci")
    assert sign_in().log_in(secret)
    token = next(token for token in client.tokens() if token["name"] == "ci")
    assert (token["user_id"], token["application"]) == (str(member.pk), False)
    again = client.regenerate_token(token["id"])
    with pytest.raises(CoderError, match="401"):
        sign_in().log_in(secret)
    assert sign_in().log_in(again)
    client.remove_token(token["id"])
    with pytest.raises(CoderError, match="401: This token is unknown, has expired or was ended"):
        sign_in().log_in(again)
    with pytest.raises(CoderError, match="404"):
        client.remove_token(token["id"])


def test_a_token_that_is_made_anew_does_not_outlive_the_one_that_asks(member: User, sign_in: Sign) -> None:
    client = sign_in(member)
    asking = ApiToken.objects.get()
    client.create_token("long")
    ApiToken.objects.filter(name="long").update(expires_at="2190-01-01T00:00:00Z")
    client.regenerate_token(str(ApiToken.objects.get(name="long").pk))
    assert ApiToken.objects.get(name="long").expires_at == asking.expires_at


def test_a_name_that_is_taken_or_no_name_is_refused_in_words(member: User, sign_in: Sign) -> None:
    client = sign_in(member)
    client.create_token("ci")
    with pytest.raises(CoderError, match="400: name: There is a token of this name already"):
        client.create_token("CI")
    for name in ("", "x" * 65, "a\tb"):
        with pytest.raises(CoderError, match="400: name: "):
            client.create_token(name)


def test_nobody_sees_or_makes_the_tokens_of_another_person(member: User, site_manager: User, sign_in: Sign) -> None:
    other = make_user()
    with pytest.raises(CoderError, match="404"):
        sign_in(member).call("GET", f"/api/v0/api-keys/{other.pk}")
    with pytest.raises(CoderError, match="403: Only the site admin sees"):
        sign_in(site_manager).call("GET", f"/api/v0/api-keys/{other.pk}")
    with pytest.raises(CoderError, match="403: Only the person makes"):
        sign_in(site_manager).call("POST", f"/api/v0/api-keys/{other.pk}", {"name": "x"})


def test_a_token_of_a_revoked_person_opens_nothing(member: User, site_manager: User, sign_in: Sign) -> None:
    client = sign_in(member)
    deactivate_user(actor=Actor(user=site_manager), user=member)
    with pytest.raises(CoderError, match="unexpected status code 401: This token is unknown") as caught:
        client.me()
    assert "coder login" in caught.value.msg


def test_without_a_token_it_says_how_to_get_one(sign_in: Sign) -> None:
    with pytest.raises(CoderError, match=r"401: No token was sent\. Run “coder login”"):
        sign_in().me()


def test_a_cookie_is_no_way_in(site_manager: User, sign_in: Sign) -> None:
    cookie = signed_in(site_manager).cookies["sessionid"].value
    client = sign_in(headers={"Cookie": f"sessionid={cookie}"})
    for method, path in (("GET", "/api/v0/users/me"), ("POST", "/api/private/resource-pools")):
        with pytest.raises(CoderError, match="401"):
            client.call(method, path)


def test_a_bearer_header_is_no_way_in_and_no_obstacle(member: User, sign_in: Sign) -> None:
    """ENDPOINT_AUTH_HEADER sends one for a proxy in front of us."""
    client = sign_in(member, headers={"Authorization": "Basic for-the-proxy"})
    assert client.me()
    with pytest.raises(CoderError, match="401"):
        sign_in(headers={"Authorization": f"Bearer {client.token}"}).me()


def test_scopes_hold_here_too(site_manager: User, sign_in: Sign) -> None:
    reader, provider = sign_in(site_manager, TokenScope.READ), sign_in(site_manager, TokenScope.PROVIDERS)
    assert reader.users()
    with pytest.raises(CoderError, match="403: The scopes of this token"):
        reader.create_token("x")
    assert provider.me()
    with pytest.raises(CoderError, match="403"):
        provider.users()


def test_nothing_is_ever_redirected(member: User, sign_in: Sign) -> None:
    client = sign_in(member)
    for path in ("/api/v0/users/me/", "/api/v0/nothing", "/api/private/resource-pools/", "/api/v0/users/no-uuid"):
        answer = client.send("POST" if path.endswith("pools/") else "GET", path)
        assert answer.status == 404
        assert json.loads(answer.body)["error"]["msg"]
    answer = client.send("PUT", "/api/v0/users")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'"x"', b'{"name": "a\\u0000"}', b"\xff", b'{"name": 7}'])
def test_a_body_that_can_not_be_read_is_told(body: bytes, member: User, sign_in: Sign) -> None:
    answer = sign_in(member).send("POST", "/api/v0/api-keys/me", body)
    assert answer.status == 400
    assert json.loads(answer.body)["error"]["msg"]


def test_too_many_requests_are_told_with_a_sentence(member: User, sign_in: Sign, settings: object) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    client = sign_in(member)
    client.me()
    with pytest.raises(CoderError, match="429: More than 1 requests in a minute"):
        client.me()


def test_strangers_are_limited_by_address(sign_in: Sign, member: User, settings: object) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    known, stranger = sign_in(member), sign_in()
    assert stranger.version() == chart_version()
    with pytest.raises(CoderError, match="429: More than 1 requests in a minute"):
        stranger.log_in_with_password(member.email, PASSWORD)
    assert known.me()
