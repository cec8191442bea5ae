"""Addresses of the site: one include per app."""

from django.contrib import admin
from django.urls import include, path

from coderadmin import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("support/", admin.site.urls),
    path("", include("organizations.urls")),
    path("", include("providers.urls")),
]
