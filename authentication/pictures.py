"""The secret of an authenticator app, as a picture for its camera and as text for a keyboard."""

import base64

from allauth.mfa.adapter import get_adapter
from django.views.decorators.debug import sensitive_variables

from organizations.models import User


@sensitive_variables()
def picture_of_secret(user: User, secret: str) -> str:
    """A QR code as the address of an image, which holds it whole."""
    adapter = get_adapter()
    drawing = adapter.build_totp_svg(adapter.build_totp_url(user, secret))
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"


def spaced(secret: str) -> str:
    """In groups of four, as apps take it, too."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
