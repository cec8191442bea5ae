"""The Django admin at /support/, for support staff. It has no sign-in and no password page of its own."""

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LogoutView, redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator

from organizations.policies import can_use_support, require


class SupportSite(AdminSite):
    site_header = site_title = "CoderAdmin support"
    index_title = "Look at everything but secrets"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        return can_use_support(request.user)

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """The sign-in page of the site. Raises PermissionDenied for a person who is not support staff."""
        if not request.user.is_authenticated:
            return redirect_to_login(request.GET.get("next") or reverse("admin:index"))
        require(
            self.has_permission(request),
            "These pages are for support staff. Ask those who run this deployment.",
        )
        return redirect("admin:index")

    def logout(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:  # type: ignore[override]
        return LogoutView.as_view()(request)

    def password_change(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:  # type: ignore[override]
        return redirect("organizations:password_change")
