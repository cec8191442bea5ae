"""Addresses of the site: one include per app."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("support/", admin.site.urls),
    path("", include("organizations.urls")),
    path("", include("providers.urls")),
]
