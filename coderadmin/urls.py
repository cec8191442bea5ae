"""Addresses of the site: one include per app."""

from django.contrib import admin
from django.urls import include, path

from environments import organization_urls
from organizations import urls as organizations_urls

ORGANIZATIONS = [*organizations_urls.urlpatterns, *organization_urls.urlpatterns]  # one namespace for people

urlpatterns = [
    path("support/", admin.site.urls),
    path("", include((ORGANIZATIONS, organizations_urls.app_name))),
    path("", include("providers.urls")),
    path("", include("environments.urls")),
]
