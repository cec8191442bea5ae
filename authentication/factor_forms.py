"""What the pages about second factors ask for."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.webauthn.internal import auth as webauthn
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from authentication.codes import period_of
from authentication.factors import FactorDemand
from authentication.guessing import count_wrong_code, forget_wrong_codes, require_room_to_guess
from authentication.services.factors import use_code
from coderadmin.encryption import Secret
from organizations.choices import SiteRole
from organizations.models import User
from organizations.text import validate_name

LONGEST_CODE, LONGEST_NAME, LONGEST_CREDENTIAL = 32, 64, 20_000
CODE = {"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
WRONG = "This code is wrong, was used already, or is of another time. Wait for the next one."


class CodeForm(forms.Form):
    """A code of the app, or a recovery code, of a person who may not be signed in yet."""

    code = forms.CharField(
        max_length=LONGEST_CODE,
        widget=forms.TextInput(attrs=CODE),
        help_text="Of your authenticator app, or one of your recovery codes.",
    )

    def __init__(self, *args: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request

    def clean_code(self) -> str:
        require_room_to_guess(self.request, self.user)
        code = str(self.cleaned_data["code"])
        self.factor = use_code(user=self.user, code=code)
        if self.factor is None:
            count_wrong_code(self.request, self.user)
            raise ValidationError(WRONG)
        forget_wrong_codes(self.request, self.user)
        return code


class WhoForm(forms.Form):
    """The password of the signed-in person. A wrong one counts as a failed sign-in."""

    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True})
    )
    factor = None

    def __init__(self, *args: Any, user: User, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.request = user, request

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if authenticate(self.request, username=self.user.email, password=password) != self.user:
            raise ValidationError("This is not your password.")
        return password


class AppForm(forms.Form):
    """The first code of a new app. Its period is then in `cleaned_data`, too."""

    code = forms.CharField(
        label="Code that the app shows",
        max_length=LONGEST_CODE,
        widget=forms.TextInput(attrs=CODE | {"autofocus": False}),
    )

    def __init__(self, *args: Any, secret: Secret, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.secret = secret

    def clean(self) -> dict[str, Any]:
        found = period_of(self.cleaned_data.get("code", ""), secret=self.secret)
        if found is None and "code" in self.cleaned_data:
            self.add_error("code", "This is not the code of now. Is the clock of your device right?")
        return self.cleaned_data | {"period": found}


class Credential(forms.JSONField):
    """What the browser says about a passkey; our script puts it in."""

    def __init__(self) -> None:
        super().__init__(
            widget=forms.HiddenInput,
            error_messages={"required": "The browser said nothing about a passkey. It takes one that runs scripts."},
        )

    def prepare_value(self, value: Any) -> str:
        """Never sent back: it was the answer to a question that is over."""
        return ""

    def bound_data(self, data: Any, initial: Any) -> Any:
        """As it came: it may be anything, and is not shown."""
        return data

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and len(value) > LONGEST_CREDENTIAL:
            raise ValidationError("No passkey is that long.")
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError):  # a number of thousands of digits; thousands of brackets
            raise ValidationError("This is no passkey.") from None
        if found is not None and not isinstance(found, dict):
            raise ValidationError("This is no passkey.")
        return found


@contextmanager
def understood() -> Iterator[None]:
    """What comes from a browser may be anything, and the libraries fail at it in many ways. Raises ValidationError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error, InvalidSignature):
        raise ValidationError("This passkey did not prove itself. Try again.") from None


class FactorNameForm(forms.Form):
    name = forms.CharField(
        max_length=LONGEST_NAME,
        validators=[validate_name],
        help_text="To tell it from others, such as: laptop.",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )


class PasskeyForm(FactorNameForm):
    """A new passkey: the answer to what was asked of the browser."""

    credential = Credential()

    def clean_credential(self) -> dict[str, Any]:
        credential: dict[str, Any] = self.cleaned_data["credential"]
        with understood():
            webauthn.parse_registration_response(credential)
            webauthn.complete_registration(credential)
        return credential


class PasskeySignInForm(forms.Form):
    """A passkey of the person who is signing in. `factor` is then which one."""

    credential = Credential()

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_credential(self) -> dict[str, Any]:
        credential: dict[str, Any] = self.cleaned_data["credential"]
        with understood():
            webauthn.parse_authentication_response(credential)
            self.factor = webauthn.complete_authentication(self.user, credential)
        return credential


class DemandForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label="Site roles",
        choices=SiteRole.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Whoever has none is led to where one adds it and reaches nothing else before. API tokens stay good.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["roles"] = list(FactorDemand.objects.values_list("site_role", flat=True))
