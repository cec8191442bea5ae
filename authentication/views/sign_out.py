"""Signing out here, and a link for those who would sign out at the sign-in service, too."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from authentication import signing_out


class SignOutView(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A link, since no form of ours may lead to another site."""
        there = signing_out.address(request)
        response = super().post(request, *args, **kwargs)
        return render(request, "authentication/signed_out.html", {"there": there}) if there else response


sign_out = login_not_required(SignOutView.as_view())
