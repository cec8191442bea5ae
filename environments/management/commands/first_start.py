"""`manage.py first_start`: what every deployment needs before the first sign-in. Repeating it changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.crypto import get_random_string

from coderadmin.env import env
from environments.first_start import ensure_built_in_provider, ensure_default_organization
from environments.world import furnish
from organizations.services import ensure_site_admin

PASSWORD_LENGTH = 20
PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105 - none that look alike


class Command(BaseCommand):
    help = "Create the site admin, the default organization and the built-in provider, unless they are there."

    @transaction.atomic  # all or nothing: a generated password that nobody was shown would lock everybody out
    def handle(self, *args: Any, **options: Any) -> None:
        """Prints `sign-in: E-MAIL`, and `password: TEXT` only when this run generated it."""
        email = env.str("CODERADMIN_ADMIN_EMAIL", "admin@example.com")
        preset = env.str("CODERADMIN_ADMIN_PASSWORD", "")
        password = preset or get_random_string(PASSWORD_LENGTH, PASSWORD_ALPHABET)
        admin, created = ensure_site_admin(email=email, password=password)
        ensure_default_organization()
        ensure_built_in_provider()
        if settings.EMBEDDED:
            furnish()
        self.stdout.write(f"sign-in: {admin.email}")
        if created and not preset:
            self.stdout.write(f"password: {password}")
