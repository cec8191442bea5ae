"""The site itself. It has no sign-in and no password page of its own."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import resolve, reverse
from django.utils.decorators import method_decorator

from organizations.policies import can_use_support, require
from organizations.support.dashboard import found_in_panels
from organizations.support.pages import ReadOnlyAdmin

APP_NAMES = {"axes": "Sign-in"}
MODEL_NAMES = {"AccessAttempt": "Wrong passwords", "AccessURLChange": "Access URL changes"}


class SupportSite(AdminSite):
    site_header = site_title = "CoderAdmin support"
    index_title = "Support"
    site_url = "/"
    enable_nav_sidebar = True

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Only pages that change nothing. Those that other packages bring would show secrets to a superuser."""
        if admin_class and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def unregister(self, model_or_iterable: type[Model] | Iterable[type[Model]]) -> None:
        with suppress(NotRegistered):
            super().unregister(model_or_iterable)

    def has_permission(self, request: HttpRequest) -> bool:
        return can_use_support(request.user)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """With words for what another package brings."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = APP_NAMES.get(app["app_label"], app["name"])
            for model in app["models"]:
                model["name"] = MODEL_NAMES.get(model["object_name"], model["name"])
        return apps

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What needs somebody now. A query for each panel, whatever it finds."""
        return super().index(request, {**(extra_context or {}), "panels": found_in_panels(request.user)})

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
        """That of the site, which belongs to an app above."""
        answer: HttpResponse = resolve(reverse("organizations:sign_out")).func(request)
        return answer

    def password_change(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:  # type: ignore[override]
        return redirect("organizations:password_change")
