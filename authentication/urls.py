"""Addresses of signing in beyond a password: Manage > Admin > Authentication, second factors, sessions."""

from django.urls import URLPattern

app_name = "authentication"
urlpatterns: list[URLPattern] = []
