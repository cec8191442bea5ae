"""The shape of what envproxy says when it calls home."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError

from providers.addresses import normalise_cluster_address, normalise_origin, validate_namespace
from providers.kube.pem import PemError, normalise_certificates
from providers.services import Beat

LONGEST_TOKEN = 16 * 1024  # characters; a projected service account token has about 1,200


class BeatForm(forms.Form):
    """All values are texts; what is not named here is ignored, since envproxy may be newer than this deployment."""

    access_url = forms.CharField(max_length=300)
    cluster_address = forms.CharField(max_length=300, required=False)
    namespace = forms.CharField(max_length=63, required=False, validators=[validate_namespace])
    service_account_token = forms.CharField(max_length=LONGEST_TOKEN, required=False)
    ca_pem = forms.CharField(max_length=LONGEST_TOKEN, required=False)

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document)
        self.not_texts = [name for name in self.fields if not _is_text(document.get(name, ""))]

    def clean(self) -> None:
        super().clean()
        for name in self.not_texts:
            self.add_error(name, "Send a text.")

    def clean_access_url(self) -> str:
        """Made one and the same for the same place, so that it can be compared; one with a path is kept as it is."""
        url = str(self.cleaned_data["access_url"])
        try:
            parts = urlsplit(url)
        except ValueError:
            raise ValidationError("Send the access URL that you use.") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValidationError("Send the access URL that you use.")
        with suppress(ValidationError):
            return normalise_origin(url, default_scheme="https")
        return url

    def clean_cluster_address(self) -> str:
        address = str(self.cleaned_data["cluster_address"])
        return normalise_cluster_address(address) if address else ""

    def clean_service_account_token(self) -> str:
        token = str(self.cleaned_data["service_account_token"])
        if any(not 33 <= ord(character) <= 126 for character in token):
            raise ValidationError("It has characters that no token has.")
        return token

    def clean_ca_pem(self) -> str:
        text = str(self.cleaned_data["ca_pem"])
        try:
            return normalise_certificates(text) if text else ""
        except PemError as error:
            raise ValidationError(f"It can't be used: {error}.") from None

    def beat(self) -> Beat:
        return Beat(**self.cleaned_data)

    def first_error(self) -> tuple[str, str]:
        """Field and sentence."""
        name, errors = next(iter(self.errors.items()))
        return name, str(errors[0])


def _is_text(value: object) -> bool:
    """JSON can carry half a surrogate pair, which no database takes."""
    return isinstance(value, str) and not any(0xD800 <= ord(character) <= 0xDFFF for character in value)
