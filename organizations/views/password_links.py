"""Pages for people without a password: to ask for a link by mail, and to choose a password by it."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_variables

from audit.services import actor_of, client_address
from coderadmin.encryption import Sealed, UndecryptableError, seal
from organizations.errors import RefusedError
from organizations.forms import FirstPasswordForm, ForgottenPasswordForm
from organizations.links import tokens
from organizations.services import ask_for_link, choose_password
from organizations.views.scope import ask_and_do
from organizations.ways_in import has_built_in

TOO_MANY = "Too many mails were asked for. Wait an hour, or ask those who run this deployment."


@login_not_required
@ask_and_do
def password_forgotten(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether there is an account or not."""
    form, status = ForgottenPasswordForm(request.POST if request.method == "POST" else None), HTTPStatus.OK
    if settings.SENDS_MAIL and form.is_valid():
        email = form.cleaned_data["email"].lower()
        if ratelimit.consume(request, action="reset_password", key=email):
            ask_for_link(actor=actor_of(request), email=email)
            messages.success(request, f"If {email} has a password here, a mail with a link is on its way to it.")
            return redirect("organizations:sign_in")
        form.add_error(None, TOO_MANY)
        status = HTTPStatus.TOO_MANY_REQUESTS
    context = {"form": form, "sends_mail": settings.SENDS_MAIL}
    return render(request, "registration/password_forgotten.html", context, status=status)


@method_decorator(login_not_required, name="dispatch")
class PasswordLinkView(PasswordResetConfirmView):
    """Django's, which moves the token into the session, out of the address; looking does not use up the link.

    In the session, which is stored, it is sealed.
    """

    form_class = FirstPasswordForm
    token_generator = tokens
    template_name = "registration/password_link.html"
    success_url = reverse_lazy("organizations:sign_in")

    @sensitive_variables()
    def dispatch(self, *args: Any, **kwargs: Any) -> HttpResponseBase:
        session = self.request.session
        with suppress(KeyError, UndecryptableError):
            session[INTERNAL_RESET_SESSION_TOKEN] = Sealed(session[INTERNAL_RESET_SESSION_TOKEN]).open()
        response = super().dispatch(*args, **kwargs)
        if INTERNAL_RESET_SESSION_TOKEN in session:
            session[INTERNAL_RESET_SESSION_TOKEN] = str(seal(session[INTERNAL_RESET_SESSION_TOKEN]))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"built_in": has_built_in()}

    @sensitive_variables()
    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        address, token = client_address(self.request), self.request.session.pop(INTERNAL_RESET_SESSION_TOKEN)
        try:
            choose_password(address=address, user=form.user, token=token, password=form.cleaned_data["new_password1"])
        except RefusedError:
            self.validlink = False
            return self.render_to_response(self.get_context_data())
        messages.success(self.request, "Your password is saved. Sign in with it.")
        return redirect(self.get_success_url())


password_link = PasswordLinkView.as_view()
