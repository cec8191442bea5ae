"""The forms of people and organizations."""

from organizations.forms.accounts import PasswordForm, SignInForm

__all__ = ["PasswordForm", "SignInForm"]
