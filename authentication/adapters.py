"""What allauth asks us: it orders the stages of a sign-in and speaks OpenID Connect; pages and words are ours."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.services import client_address
from organizations.models import User

STAGES = ["allauth.mfa.stages.AuthenticateStage"]
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


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """No app is taken from allauth's table, whose secrets are in clear text."""

    def list_apps(self, request: HttpRequest, provider: str | None = None, client_id: str | None = None) -> list[Any]:
        return []
