"""A provider that lies, or somebody between: nothing of it opens an account, and nothing is a server error."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from jwt.algorithms import RSAAlgorithm

from audit.models import AuditEvent
from authentication.discovery import ProviderError, read_metadata
from authentication.http import GuardedSession
from organizations.models import User
from tests.authentication.openid import begin, come_back, configure

SECRET = "a secret that is long enough for HMAC, whatever that would be good for"
KEY, OTHER_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


class Liar:
    """Answers as each test wants. `claims` are changed before they are signed; None takes one out."""

    def __init__(self) -> None:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"liar": self}))
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.nonce = ""
        self.claims: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.key: Any = KEY
        self.algorithm, self.kid = "RS256", "one"
        self.raw: dict[str, tuple[int, bytes]] = {}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path: str) -> Any:
        match path:
            case "/.well-known/openid-configuration":
                places = {"authorization_endpoint": "/go", "token_endpoint": "/token", "jwks_uri": "/keys"}
                urls = {name: self.issuer + place for name, place in places.items()}
                return urls | {"issuer": self.issuer, "userinfo_endpoint": f"{self.issuer}/me"} | self.metadata
            case "/keys":
                return {"keys": [json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one", "use": "sig"}]}
            case "/token":
                return {"access_token": "at", "id_token": self.id_token(), "token_type": "Bearer"}
            case "/me":
                return {"sub": "s"} | self.userinfo

    def id_token(self) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": "client", "sub": "s", "iat": now, "exp": now + 60, "nonce": self.nonce}
        claims |= {"email": "member@example.com", "email_verified": True} | self.claims
        kept = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(kept, self.key, algorithm=self.algorithm, headers={"kid": self.kid})


class _Handler(BaseHTTPRequestHandler):
    liar: Liar

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        status, body = self.liar.raw.get(path) or (200, json.dumps(self.liar.answer(path)).encode())
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", f"{self.liar.issuer}/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def liar(db: None) -> Iterator[Liar]:
    liar = Liar()
    configure(liar.issuer, "client", SECRET)
    yield liar
    liar.server.shutdown()
    liar.server.server_close()


def come_in(liar: Liar) -> tuple[Client, Any]:
    client = Client()
    params = httpx.URL(begin(client)).params
    liar.nonce = liar.nonce or params["nonce"]
    return client, come_back(client, f"http://testserver/oidc/callback?code=c&state={params['state']}")


def test_without_a_lie_it_works(liar: Liar, member: User) -> None:
    client, _ = come_in(liar)
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize(
    "endpoint", [None, 7, "javascript:alert(1)", "http://evil.example/", "https://u:p@evil.example/"]
)
def test_no_lie_becomes_a_link_at_the_sign_out(liar: Liar, member: User, settings: Any, endpoint: object) -> None:
    settings.EMBEDDED = False
    liar.metadata = {"end_session_endpoint": endpoint}
    client, _ = come_in(liar)
    assert client.post("/sign-out/")["Location"] == "/sign-in/"


def test_what_the_endpoint_asks_for_stays_at_the_sign_out(liar: Liar, member: User) -> None:
    liar.metadata = {"end_session_endpoint": f"{liar.issuer}/out?realm=<b>"}
    client, _ = come_in(liar)
    assert f'href="{liar.issuer}/out?realm=&lt;b&gt;&amp;client_id=client&amp;' in client.post("/sign-out/").text


LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "guess"},
    "no nonce": {"claims": {"nonce": None}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "another audience": {"claims": {"aud": "somebody else"}},
    "made for another client": {"claims": {"aud": ["client", "other"], "azp": "other"}},
    "expired": {"claims": {"exp": int(time.time()) - 120}},
    "without an end": {"claims": {"exp": None}},
    "without a subject": {"claims": {"sub": None}},
    "a subject that is no text": {"claims": {"sub": 7}},
    "signed by somebody else": {"key": OTHER_KEY},
    "a key that is not there": {"kid": "two"},
    "signed with the client secret": {"key": SECRET, "algorithm": "HS256"},
    "not signed": {"key": None, "algorithm": "none"},
    "userinfo of another person": {"userinfo": {"sub": "other"}},
    "keys that are none": {"raw": {"/keys": (200, b'{"keys": [{"kty": "RSA", "kid": "one"}]}')}},
    "a token that is none": {"raw": {"/token": (200, b'{"access_token": "at", "id_token": "x.y.z"}')}},
    "no ID token": {"raw": {"/token": (200, b'{"access_token": "at"}')}},
    "a list for a token": {"raw": {"/token": (200, b"[]")}},
    "no JSON for a token": {"raw": {"/token": (200, b'{"')}},
    "an error with a secret": {"raw": {"/token": (400, b'{"error": "canary"}')}},
    "userinfo that is none": {"raw": {"/me": (200, b"[]")}},
    "an answer that is too long": {"raw": {"/token": (200, b"[" + b" " * 1_100_000 + b"]")}},
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_opens_an_account(liar: Liar, member: User, lie: str) -> None:
    for name, value in LIES[lie].items():
        setattr(liar, name, value)
    client, response = come_in(liar)
    assert response.status_code == 400
    assert "Begin again" in response.text
    assert client.get("/account/").status_code == 302
    event = AuditEvent.objects.get(action="user.sign_in")
    assert event.outcome == "failed"
    assert "canary" not in str(event.after)


def test_an_email_that_only_userinfo_calls_verified_is_its_own(liar: Liar, member: User) -> None:
    liar.claims = {"email_verified": None}
    liar.userinfo = {"email": "mine@example.com", "email_verified": True}
    client, response = come_in(liar)
    assert response.status_code == 403
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({"issuer": "https://evil.example"}, "calls itself"),
        ({"issuer": None}, "does not say which issuer"),
        ({"token_endpoint": "http://evil.example/token"}, "no token_endpoint with https"),
        ({"jwks_uri": None}, "no jwks_uri with https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no authorization_endpoint"),
    ],
)
def test_metadata_must_be_of_the_issuer_and_lead_to_safe_places(
    liar: Liar, settings: Any, metadata: dict[str, Any], words: str
) -> None:
    settings.EMBEDDED = False
    liar.metadata = metadata
    with pytest.raises(ProviderError, match=words):
        read_metadata(liar.issuer)
    assert Client().get("/sign-in/openid-connect/").status_code == 503


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((302, b""), "answers with status 302"),
        ((500, b"{}"), "answers with status 500"),
        ((200, b"<html>"), "does not answer with JSON"),
        ((200, b"[1]"), "does not answer with JSON"),
        ((200, b" " * 1_100_000), "no answer that can be read"),
    ],
)
def test_strange_answers_are_told_in_words(liar: Liar, answer: tuple[int, bytes], words: str) -> None:
    liar.raw["/.well-known/openid-configuration"] = answer
    with pytest.raises(ProviderError, match=words):
        read_metadata(liar.issuer)


def test_addresses_that_nobody_may_have_are_not_connected_to(db: None) -> None:
    with pytest.raises(ProviderError, match=r"169\.254\.169\.254, which is where a cloud"):
        read_metadata("http://169.254.169.254")


def test_no_proxy_and_no_netrc_of_the_environment_sees_the_secret(liar: Liar, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert GuardedSession().get(f"{liar.issuer}/keys").status_code == 200
