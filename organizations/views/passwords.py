"""The page that shows a temporary password, once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.debug import sensitive_variables

from organizations.models import User


@sensitive_variables()
def show_once(request: HttpRequest, user: User, password: str, *, is_new: bool) -> HttpResponse:
    """The caller is `never_cache`: going back to the page must not show it again."""
    context = {"account": user, "password": password, "is_new": is_new}
    return render(request, "organizations/user_password.html", context)
