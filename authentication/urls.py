"""Addresses of signing in beyond a password: Manage > Admin > Authentication, second factors, sessions."""

from django.urls import URLPattern, path

from organizations.views import sign_in

app_name = "authentication"
urlpatterns: list[URLPattern] = []

named_by_allauth = [  # it looks for these names, outside any namespace
    path("sign-in/", sign_in, name="account_login"),
]
