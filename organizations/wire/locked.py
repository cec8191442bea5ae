"""What a locked account is told."""

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest

from coderadmin.api.problems import ProblemError


def require_not_locked(request: HttpRequest) -> None:
    """After a wrong password. Raises ProblemError once there were too many."""
    if getattr(request, "axes_locked_out", False):
        wait = int(settings.AXES_COOLOFF_TIME.total_seconds())
        detail = f"Too many attempts failed. Wait {wait // 60} minutes, then try again."
        headers = {"Retry-After": str(wait)}
        raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "locked", detail, headers=headers)
