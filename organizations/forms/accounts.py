"""Signing in, and the own password."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate, password_validation
from django.contrib.auth.forms import AuthenticationForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from organizations.models import User

LONGEST_EMAIL = 254
ABOUT_PASSWORDS = "12 characters or more, none of the common ones, and nothing like your name or e-mail."


def lowered(email: str) -> str | None:
    """None for what no account can have: some letters become two."""
    lower = email.strip().lower()
    return lower if len(lower) <= LONGEST_EMAIL else None


class SignInForm(AuthenticationForm):
    """E-mail and password. The answer to a failure is the same whether the account exists or not."""

    username = forms.EmailField(
        label="E-mail",
        max_length=LONGEST_EMAIL,
        widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"}),
    )
    error_messages = {
        "invalid_login": "That e-mail and password do not go together. Check both and try again.",
        "inactive": "That e-mail and password do not go together. Check both and try again.",
    }

    def clean_username(self) -> str:
        """In lower case, so that failures are counted together however the e-mail is written."""
        email = lowered(self.cleaned_data["username"])
        if email is None:
            raise self.get_invalid_login_error()
        return email


class PasswordForm(forms.Form):
    """Change one's own password: the current one, and the new one twice.

    A wrong current one counts as a failed sign-in: whoever has a session or a token shall not find it by guessing.
    """

    current = forms.CharField(
        label="Current password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
    )
    new = forms.CharField(
        label="New password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=ABOUT_PASSWORDS,
    )
    confirmation = forms.CharField(
        label="New password, again", strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request

    def clean_current(self) -> str:
        current = str(self.cleaned_data["current"])
        found = authenticate(self.request, username=self.user.email, password=current)
        if found is None or found != self.user:
            raise ValidationError("This is not your current password.")
        self.user.password = found.password  # the hash that it was compared with, which may be a new one
        return current

    def clean_new(self) -> str:
        new = str(self.cleaned_data["new"])
        password_validation.validate_password(new, self.user)
        if new == self.data.get("current"):
            raise ValidationError("This is your current password: choose another one.")
        return new

    def clean_confirmation(self) -> str:
        confirmation = str(self.cleaned_data["confirmation"])
        if "new" in self.cleaned_data and confirmation != self.cleaned_data["new"]:
            raise ValidationError("The two new passwords differ.")
        return confirmation


class FirstPasswordForm(SetPasswordForm):
    """Django's, in our words."""

    error_messages = {"password_mismatch": "The two passwords differ."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        new, again = self.fields["new_password1"], self.fields["new_password2"]
        new.label, again.label = "New password", "New password, again"
        new.help_text, again.help_text = ABOUT_PASSWORDS, ""
        new.widget.attrs["autofocus"] = True


class ForgottenPasswordForm(forms.Form):
    email = forms.EmailField(
        label="E-mail", max_length=254, widget=forms.EmailInput(attrs={"autofocus": True, "autocomplete": "username"})
    )
