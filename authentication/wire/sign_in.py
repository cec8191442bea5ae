"""Signing in with e-mail and password, for a token."""

from http import HTTPStatus

from django.contrib.auth import authenticate
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables
from pydantic import Field, SecretStr

from audit.services import Actor, client_address
from authentication.configuration import Configuration
from authentication.factors import needs_more_than_a_password
from coderadmin.api.callers import Caller, require_own_password
from coderadmin.api.problems import ProblemError
from coderadmin.wire.bodies import Body, read
from coderadmin.wire.routes import Routes
from organizations.forms.accounts import lowered
from organizations.models import User
from organizations.services import make_sign_in_token
from organizations.wire.locked import require_not_locked

LONGEST_PASSWORD = 4096
SWITCHED_OFF = "Signing in with a password is switched off. Run the login command, or make a token in the browser."
MORE_NEEDED = "This account takes a second factor. Run the login command, or make a token in the browser."
routes = Routes()


class Credentials(Body):
    email: str = Field(max_length=254)
    password: SecretStr = Field(max_length=LONGEST_PASSWORD)


@routes.add("POST", "auth/basic/login", status=HTTPStatus.CREATED, is_open=True)
@sensitive_variables()
def sign_in(request: HttpRequest) -> dict[str, str]:
    """Failures count as those of the page do, and lock the account for a while."""
    sent = read(request, Credentials)
    if not Configuration.load().built_in:
        raise ProblemError(HTTPStatus.FORBIDDEN, "switched_off", SWITCHED_OFF)
    email = lowered(sent.email)
    user = email and authenticate(request, username=email, password=sent.password.get_secret_value())
    if not isinstance(user, User):
        require_not_locked(request)
        detail = "That e-mail and password do not go together. Check both and try again."
        raise ProblemError(HTTPStatus.UNAUTHORIZED, "unauthorized", detail)
    require_own_password(Caller(user=user))
    if needs_more_than_a_password(user):
        raise ProblemError(HTTPStatus.FORBIDDEN, "second_factor_required", MORE_NEEDED)
    user_logged_in.send(sender=User, request=request, user=user)
    _, secret = make_sign_in_token(actor=Actor(user=user, address=client_address(request)))
    return {"session_token": secret}
