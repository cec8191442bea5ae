"""The pages of people and organizations."""

from organizations.views.account import account, home, password_change
from organizations.views.sign_in import sign_in, sign_in_locked, sign_out

__all__ = ["account", "home", "password_change", "sign_in", "sign_in_locked", "sign_out"]
