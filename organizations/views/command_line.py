"""The page that `coder login` opens."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables

from audit.services import actor_of
from organizations.errors import RefusedError
from organizations.services import make_sign_in_token
from organizations.services.command_line import MOST_SIGN_INS
from organizations.services.tokens import USUAL_DAYS
from organizations.views.scope import ask_and_do, say_refusal


@never_cache
@ask_and_do
@sensitive_variables()
def command_line_token(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        try:
            token, secret = make_sign_in_token(actor=actor_of(request))
        except RefusedError as refusal:
            say_refusal(request, refusal)
        else:
            return render(
                request, "organizations/token_secret.html", {"token": token, "secret": secret, "for_command_line": True}
            )
    context = {"days": USUAL_DAYS, "most": MOST_SIGN_INS}
    return render(request, "organizations/command_line_token.html", context)
