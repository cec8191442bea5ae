"""Signing in with e-mail and password, for a token."""

from http import HTTPStatus

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from pydantic import Field, SecretStr

from audit.services import Actor, client_address
from coderadmin.api.callers import Caller, require_own_password
from coderadmin.api.problems import ProblemError
from coderadmin.wire.bodies import Body, read
from coderadmin.wire.routes import Routes
from organizations.models import User
from organizations.services import make_sign_in_token

LONGEST_PASSWORD = 4096
routes = Routes()


class Credentials(Body):
    email: str = Field(max_length=254)
    password: SecretStr = Field(max_length=LONGEST_PASSWORD)


@routes.add("POST", "auth/basic/login", status=HTTPStatus.CREATED, is_open=True)
@sensitive_variables()
def sign_in(request: HttpRequest) -> dict[str, str]:
    """Failures count as those of the page do, and lock the account for a while."""
    sent = read(request, Credentials)
    email = sent.email.strip().lower()
    user = authenticate(request, username=email, password=sent.password.get_secret_value())
    if not isinstance(user, User):
        require_not_locked(request)
        detail = "That e-mail and password do not go together. Check both and try again."
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "unauthorized", detail)
    require_own_password(Caller(user=user))
    user_logged_in.send(sender=User, request=request, user=user)
    _, secret = make_sign_in_token(actor=Actor(user=user, address=client_address(request)))
    return {"session_token": secret}


def require_not_locked(request: HttpRequest) -> None:
    """After a wrong password. Raises ProblemError once there were too many."""
    if getattr(request, "axes_locked_out", False):
        wait = int(settings.AXES_COOLOFF_TIME.total_seconds())
        detail = f"Too many attempts failed. Wait {wait // 60} minutes, then try again."
        headers = {"Retry-After": str(wait)}
        raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "locked", detail, headers=headers)
