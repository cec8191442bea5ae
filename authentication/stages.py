"""The stage of a sign-in that asks for the second factor."""

from allauth.mfa.stages import AuthenticateStage
from django.utils.crypto import constant_time_compare


class SecondFactorStage(AuthenticateStage):
    """allauth's; a password that was changed or an account that was deactivated in between ends it."""

    def handle(self) -> tuple:
        response, goes_on = super().handle()
        if response:
            self.state["auth_hash"] = self.login.user.get_session_auth_hash()
        return response, goes_on

    def is_still_good(self) -> bool:
        user = self.login.user
        return user.is_active and constant_time_compare(self.state.get("auth_hash", ""), user.get_session_auth_hash())
