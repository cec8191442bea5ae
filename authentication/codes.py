"""Codes of authenticator apps (RFC 6238)."""

import time

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.views.decorators.debug import sensitive_variables

from authentication.factors import CODE_PERIOD, CODE_TOLERANCE


@sensitive_variables()
def period_of(code: str, *, secret: str, after: int = -1) -> int | None:
    """Which period of time the code is of, if it is of about now and of one after `after`, else None."""
    now = int(time.time()) // CODE_PERIOD
    for period in range(max(now - CODE_TOLERANCE, after + 1), now + CODE_TOLERANCE + 1):
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, period))):
            return period
    return None
