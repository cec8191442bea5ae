"""The sign-in page: by password where that is on, by OpenID Connect where that is; and the site admin's own."""

from functools import cached_property
from http import HTTPStatus
from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from authentication.configuration import Configuration
from organizations.forms import SignInForm
from organizations.policies import May, allows
from organizations.views.sign_in import SignInView

SWITCHED_OFF = "Signing in by e-mail and password is switched off here. Use the button above."


class ConfiguredSignInView(SignInView):
    @cached_property
    def configuration(self) -> Configuration:
        return Configuration.load()

    def takes_passwords(self) -> bool:
        return self.configuration.built_in

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.takes_passwords():
            return super().post(request, *args, **kwargs)
        form = self.get_form_class()(request)
        context = self.get_context_data(form=form, refusal=SWITCHED_OFF)
        return self.render_to_response(context, status=HTTPStatus.FORBIDDEN)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = {"configuration": self.configuration, "takes_passwords": self.takes_passwords()}
        return super().get_context_data(**kwargs) | shown


class AdminSignInForm(SignInForm):
    """For everybody else a right password is as good as a wrong one, and counted as one."""

    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if not allows(user, May.MANAGE_SIGN_IN):
            credentials = {"username": self.cleaned_data["username"]}
            user_login_failed.send(sender=type(self), credentials=credentials, request=self.request)
            raise self.get_invalid_login_error()


class AdminSignInView(ConfiguredSignInView):
    """The way in that stays when built-in sign-in is switched off."""

    authentication_form = AdminSignInForm
    extra_context = {"is_for_admin": True}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.configuration.built_in:
            return redirect("organizations:sign_in")
        return super().get(request, *args, **kwargs)

    def takes_passwords(self) -> bool:
        return True


sign_in = ConfiguredSignInView.as_view()
admin_sign_in = AdminSignInView.as_view()
