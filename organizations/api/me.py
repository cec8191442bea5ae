"""Who calls."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from coderadmin.api.callers import ABOUT_PROVIDERS, caller_of
from organizations.api.schemas import MeOut, user_out
from organizations.api.scope import fresh_user

router = Router(auth=ABOUT_PROVIDERS, tags=["This deployment"])


@router.get("", response=MeOut)
def get_me(request: HttpRequest) -> dict[str, Any]:
    """Your account, your organizations, and the token that you send. Any scope does."""
    caller = caller_of(request)
    return user_out(fresh_user(caller.user.pk)) | {"token": caller.token}
