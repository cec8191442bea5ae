"""What allauth asks us: it orders the stages of a sign-in and speaks OpenID Connect; pages and words are ours."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.services import client_address
from authentication.http import GuardedSession
from organizations.models import User

STAGES = ["authentication.stages.SecondFactorStage"]
BACKEND = "django.contrib.auth.backends.ModelBackend"


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by a form, and no e-mail is sent."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, *args: object, **kwargs: object) -> None:
        return

    def add_message(self, *args: object, **kwargs: object) -> None:
        """Our views say what happened."""

    def get_login_stages(self) -> list[str]:
        return STAGES

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or ""

    def login(self, request: HttpRequest, user: User) -> None:
        """A person who comes back from a later stage was loaded anew and has lost the backend."""
        if not hasattr(user, "backend"):
            user.backend = BACKEND
        super().login(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        clear_login(request)
        return redirect(settings.LOGIN_URL)


class ArrivedError(Exception):
    """Not really one: the provider has let the person in, and our view goes on from here instead of allauth."""

    def __init__(self, login: SocialLogin) -> None:
        super().__init__("arrived")
        self.login = login


class FailedError(Exception):
    """`reason` is for the audit log and holds no token."""

    def __init__(self, reason: str, *, is_cancelled: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_cancelled = is_cancelled


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """No app is taken from allauth's table, whose secrets are in clear text."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        return []

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        raise ArrivedError(sociallogin)

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: object,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: object = None,
    ) -> None:
        reasons = {None: "state unknown, or the provider said no", AuthError.CANCELLED: "cancelled"}
        reason = _in_words(exception) if exception else reasons.get(error, reasons[None])
        raise FailedError(reason, is_cancelled=error == AuthError.CANCELLED) from exception

    def get_requests_session(self) -> GuardedSession:
        return GuardedSession()


def _in_words(error: Exception) -> str:
    """allauth's own message about a token endpoint holds its whole answer, which may be a secret."""
    text = str(error)
    return "the provider gave no token" if text.startswith("Error retrieving access token") else text
