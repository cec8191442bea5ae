"""allauth's OpenID Connect with what it leaves out: a nonce, the signature of each ID token, the provider's metadata
held to its issuer, and our own address to come back to. It keeps state and PKCE in the session.
"""

import secrets
from typing import Any

import jwt
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest, HttpResponse

from authentication.addresses import redirect_uri
from authentication.claims import Person, merged
from authentication.configuration import Configuration
from authentication.discovery import ProviderError, read_keys, read_metadata
from authentication.http import GuardedSession
from authentication.probing import uses_basic
from coderadmin.encryption import UndecryptableError, unseal

SIGNATURES = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
NEEDED = ["iss", "sub", "aud", "exp", "iat"]
LEEWAY = 60  # seconds between two clocks


class Login(SocialLogin):
    """Of nobody yet: our view says whose account it is."""

    person: Person
    end_session_endpoint = ""

    def lookup(self) -> None:
        return


class Adapter(OpenIDConnectOAuth2Adapter):
    """Every failure is an OAuth2Error, or a RequestException."""

    state: dict[str, Any]

    def __init__(self, request: HttpRequest, app: SocialApp) -> None:
        super().__init__(request, app.provider_id)
        self.app = app

    def get_provider(self) -> "Provider":
        return Provider(self.request, app=self.app)

    @property
    def openid_config(self) -> dict[str, Any]:
        if not hasattr(self, "_metadata"):
            try:
                self._metadata = read_metadata(self.app.provider_id)
            except ProviderError as error:
                raise OAuth2Error(error.text) from error
        return self._metadata

    @property
    def basic_auth(self) -> bool:
        return uses_basic(self.openid_config)

    def get_callback_url(self, request: HttpRequest, app: object) -> str:
        return redirect_uri(request)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        claims = self._verified(kwargs["response"].get("id_token"), app)
        claims = merged(claims, self._userinfo(token.token, claims["sub"]))
        try:
            person = Person.of(claims, groups_claim=app.settings["groups_claim"])
        except ValueError as error:
            raise OAuth2Error(str(error)) from error
        login = Login(provider=self.get_provider())
        login.person = person
        login.end_session_endpoint = self.openid_config.get("end_session_endpoint", "")
        return login

    def parse_token(self, data: dict[str, Any]) -> Any:
        """Only the access token, and only until the claims are read."""
        if not isinstance(data.get("access_token"), str):
            raise OAuth2Error("there is no access token")
        return super().parse_token({"access_token": data["access_token"]})

    def _verified(self, id_token: object, app: Any) -> dict[str, Any]:
        try:
            if not isinstance(id_token, str):
                raise OAuth2Error("there is no ID token")
            key = self._key(jwt.get_unverified_header(id_token))
            claims: dict[str, Any] = jwt.decode(
                id_token,
                key,
                algorithms=SIGNATURES,
                audience=app.client_id,
                issuer=app.provider_id,
                leeway=LEEWAY,
                options={"require": NEEDED},
            )
        except (jwt.PyJWTError, ProviderError, TypeError, ValueError) as error:
            raise OAuth2Error(f"the ID token is not valid: {error}") from error
        if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), self.state["nonce"].encode()):
            raise OAuth2Error("the ID token was made for another sign-in")
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("the ID token was made for another client")
        return claims

    def _key(self, header: dict[str, Any]) -> jwt.PyJWK:
        """That which the token names; a provider with a single key need not name it. Raises as `_verified`."""
        if header.get("alg") not in SIGNATURES:
            raise OAuth2Error("the ID token is not signed with a key of the provider")
        keys = [key for key in read_keys(self.openid_config) if key.get("use", "sig") == "sig"]
        named = [key for key in keys if key.get("kid") == header["kid"]] if "kid" in header else keys
        if len(named) != 1:
            raise OAuth2Error("the ID token names no key of the provider")
        return jwt.PyJWK(named[0], algorithm=header["alg"])

    def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        if "userinfo_endpoint" not in self.openid_config:
            return {}
        response = GuardedSession().get(self.profile_url, headers={"Authorization": f"Bearer {access_token}"})
        response.raise_for_status()
        if not response.headers.get("Content-Type", "").startswith("application/json"):
            return {}  # signed ones are of no use to us: what counts can be put into the ID token
        found = response.json()
        if not isinstance(found, dict) or found.get("sub") != subject:
            raise OAuth2Error("userinfo is about another person")
        return found


class Provider(OpenIDConnectProvider):
    pkce_enabled_default = True
    oauth2_adapter_class = Adapter

    def get_oauth2_adapter(self, request: HttpRequest) -> Adapter:
        return Adapter(request, self.app)

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, data: Any = None) -> Any:
        """Raises OAuth2Error while the provider can't be asked."""
        nonce = secrets.token_urlsafe(24)
        parameters = {"nonce": nonce}
        return super().redirect(request, process, next_url, data, auth_params=parameters, nonce=nonce)


class CallbackView(OAuth2CallbackView):
    """Hands the state of the sign-in, which holds the nonce, to the adapter."""

    def _get_state(self, request: HttpRequest, provider: Provider) -> tuple[dict[str, Any] | None, HttpResponse | None]:
        state, response = super()._get_state(request, provider)
        self.adapter.state = state
        return state, response


def app_of(configuration: Configuration) -> SocialApp:
    """What allauth calls an app; never stored, since its table keeps secrets in clear text. Its id is the issuer, so
    that subjects of one provider are never those of another. Raises OAuth2Error.
    """
    try:
        secret = unseal(configuration.client_secret)
    except UndecryptableError as error:
        raise OAuth2Error("the stored client secret can't be read any more") from error
    return SocialApp(
        provider="openid_connect",
        provider_id=configuration.issuer,
        name=configuration.button_label,
        client_id=configuration.client_id,
        secret=secret,
        settings={"scope": configuration.scopes.split(), "groups_claim": configuration.groups_claim},
    )
