"""Addresses of the site: one include per app."""

from django.contrib import admin
from django.urls import include, path

from authentication import urls as authentication_urls
from coderadmin.api import site as api_site
from coderadmin.wire import site as wire_site
from environments import organization_urls
from organizations import urls as organizations_urls

ORGANIZATIONS = [  # one namespace for people
    *authentication_urls.people,
    *organizations_urls.urlpatterns,
    *organization_urls.urlpatterns,
]

urlpatterns = [
    path("support/", admin.site.urls),
    *api_site.urlpatterns,
    *wire_site.urlpatterns,
    path("", include((ORGANIZATIONS, organizations_urls.app_name))),
    path("", include("authentication.urls")),
    *authentication_urls.named_by_allauth,
    path("", include("providers.urls")),
    path("", include("environments.urls")),
    path("", include("infrastructure.urls")),
]
handler400 = "coderadmin.failures.bad_request"
handler500 = "coderadmin.failures.server_error"
