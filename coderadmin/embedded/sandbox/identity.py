"""Who is asking: the admin's token, or a service account's signed token (TokenRequest, or a token Secret)."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from coderadmin.embedded.sandbox.errors import unauthorized
from coderadmin.embedded.sandbox.store import Key, Object, Store

ISSUER = "https://kubernetes.default.svc"


@dataclass(frozen=True, slots=True)
class User:
    name: str
    groups: tuple[str, ...]


ADMIN = User("sandbox-admin", ("system:masters", "system:authenticated"))
ANONYMOUS = User("system:anonymous", ("system:unauthenticated",))


def service_account_user(namespace: str, name: str) -> User:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return User(f"system:serviceaccount:{namespace}:{name}", groups)


@dataclass(frozen=True)
class Credentials:
    """A cluster's secrets: the admin's token and the key that signs service account tokens."""

    admin_token: str = field(repr=False)
    signing_key: str = field(repr=False)

    @classmethod
    def fresh(cls) -> "Credentials":
        return cls(admin_token=secrets.token_urlsafe(32), signing_key=secrets.token_urlsafe(32))


@dataclass(frozen=True)
class Tokens:
    """Makes and checks the bearer tokens of one cluster."""

    store: Store
    credentials: Credentials

    def issue(self, account: Object, *, audiences: list[str], seconds: int) -> str:
        """A token bound to this service account that ends after `seconds`."""
        now = int(time.time())
        claims = {"iss": ISSUER, "aud": audiences, "iat": now, "nbf": now, "exp": now + seconds}
        return self._sign(claims | _subject(account["metadata"]))

    def issue_for_secret(self, account: Object, secret_name: str) -> str:
        """A token without an end, good for as long as the Secret that holds it."""
        claims = {"iss": "kubernetes/serviceaccount"} | _subject(account["metadata"])
        claims["kubernetes.io"]["secret"] = {"name": secret_name}
        return self._sign(claims)

    def user(self, token: str) -> User:
        """Whose token this is; 401 when it is nobody's (any more)."""
        if hmac.compare_digest(token.encode(), self.credentials.admin_token.encode()):
            return ADMIN
        claims = self._claims(token)
        bound = claims["kubernetes.io"]
        namespace, name = bound["namespace"], bound["serviceaccount"]["name"]
        account = self.store.get(Key("", "serviceaccounts", namespace, name))
        if account is None or account["metadata"]["uid"] != bound["serviceaccount"]["uid"]:
            raise unauthorized()
        if "secret" in bound and self.store.get(Key("", "secrets", namespace, bound["secret"]["name"])) is None:
            raise unauthorized()
        return service_account_user(namespace, name)

    def _sign(self, claims: dict[str, Any]) -> str:
        text = f"{_encode({'alg': 'HS256', 'kid': 'sandbox'})}.{_encode(claims)}"
        return f"{text}.{self._signature(text)}"

    def _signature(self, text: str) -> str:
        digest = hmac.digest(self.credentials.signing_key.encode(), text.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def _claims(self, token: str) -> dict[str, Any]:
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(text).encode()):
            raise unauthorized()
        payload = text.partition(".")[2]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if claims.get("exp", time.time() + 1) <= time.time():
            raise unauthorized()
        return claims


def _subject(metadata: dict[str, Any]) -> dict[str, Any]:
    namespace, name = metadata["namespace"], metadata["name"]
    bound = {"namespace": namespace, "serviceaccount": {"name": name, "uid": metadata["uid"]}}
    return {"sub": f"system:serviceaccount:{namespace}:{name}", "kubernetes.io": bound}


def _encode(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")
