"""Stands in for django.contrib.admin in INSTALLED_APPS; apart from apps.py, where it would become the app's default."""

from django.contrib.admin.apps import AdminConfig


class SupportConfig(AdminConfig):
    default_site = "organizations.support.site.SupportSite"
