"""The addresses of organizations whose pages need environments. They belong to the namespace `organizations`."""

from django.urls import path

from environments.views import organizations as views
from organizations.urls import ORGANIZATION

urlpatterns = [
    path("manage/organizations/new/", views.organization_create, name="organization_create"),
    path(f"{ORGANIZATION}delete/", views.organization_delete, name="organization_delete"),
]
