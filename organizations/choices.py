"""Roles. The wire names are those of the original platform (reference, section B, note 7)."""

from django.db import models


class SiteRole(models.TextChoices):
    ADMIN = "site-admin", "Site admin"
    MANAGER = "site-manager", "Site manager"
    AUDITOR = "site-auditor", "Auditor"
    MEMBER = "site-member", "Member"


class InvitationState(models.TextChoices):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    ACCEPTED = "accepted"


class OrganizationRole(models.TextChoices):
    MANAGER = "organization-manager", "Organization manager"
    MEMBER = "organization-member", "Organization member"


class TokenScope(models.TextChoices):
    """What an API token may do, beside what its person may; the label ends the sentence “It may …”."""

    READ = "read", "read everything"
    WRITE = "write", "read and change everything"
    PROVIDERS = "providers", "read and change workspace providers"
